import com.couchbase.mock.Bucket;
import com.couchbase.mock.BucketConfiguration;
import com.couchbase.mock.CouchbaseMock;
import com.couchbase.mock.httpio.HttpServer;
import com.couchbase.mock.memcached.MemcachedServer;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ConcurrentModificationException;
import java.util.List;

/**
 * CouchbaseMock on loopback alone, one node with one bucket, started by: PORT BUCKET.
 *
 * <p>Its own main class listens on every address, takes random ports, gives clients no cluster map and
 * leaves Nagle's delay on. Requests go through a front on PORT, since the mock ends a connection at the
 * first request in the flexible framing, which is how clients send a durability level or ask to
 * preserve an expiry. The front takes both out of the request: the mock then does the plain operation.
 * The protocol: https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md
 */
public final class CouchbaseOnLoopback {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  public static void main(String[] words) throws Exception {
    int port = Integer.parseInt(words[0]);
    MemcachedServer node = startMock(words[1]);
    int innerPort = node.getPort();
    // What the cluster map tells clients.
    field(MemcachedServer.class, "port").setInt(node, port);
    Selector selector = (Selector) field(MemcachedServer.class, "selector").get(node);
    try (ServerSocket front = new ServerSocket(port, 512, LOOPBACK)) {
      for (;;) {
        Socket client = front.accept();
        Socket mock = new Socket(LOOPBACK, innerPort);
        client.setTcpNoDelay(true);
        mock.setTcpNoDelay(true);
        new Thread(() -> answer(mock, client)).start();
        new Thread(() -> ask(client, mock, selector)).start();
      }
    }
  }

  /** Both of its ports are any free ones. */
  private static MemcachedServer startMock(String bucketName) throws Exception {
    field(CouchbaseMock.class, "cccpBootstrap").setBoolean(null, true);
    ServerSocketChannel listener = ServerSocketChannel.open();
    listener.bind(new InetSocketAddress(LOOPBACK, 0));
    CouchbaseMock mock = new CouchbaseMock(listener.socket().getLocalPort(), List.of());
    HttpServer http = (HttpServer) field(CouchbaseMock.class, "httpServer").get(mock);
    http.bind(listener);
    BucketConfiguration bucket = new BucketConfiguration();
    bucket.name = bucketName;
    bucket.type = Bucket.BucketType.COUCHBASE;
    bucket.hostname = LOOPBACK.getHostAddress();
    bucket.password = "";
    bucket.bucketStartPort = 0;
    bucket.numNodes = 1;
    bucket.numReplicas = 0;
    bucket.numVBuckets = 64;
    mock.createBucket(bucket);
    http.start();
    return mock.getBuckets().get(bucketName).getServers()[0];
  }

  /** Ends with either side, and ends both. */
  private static void answer(Socket mock, Socket client) {
    try (mock; client) {
      mock.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException end) {
      // A broken connection is told to the other side by closing it, which is all that can be told.
    }
  }

  /** A client that has gone is told by an end in order, so that all which it has sent is executed. */
  private static void ask(Socket client, Socket mock, Selector selector) {
    try {
      switchOffDelay(selector, mock);
      forwardPlain(client.getInputStream(), mock.getOutputStream());
    } catch (IOException end) {
      // As if it had ended in order: the other direction notices what else there is to notice.
    }
    try {
      mock.shutdownOutput();
    } catch (IOException gone) {
      // The other direction has closed it.
    }
  }

  private static void forwardPlain(InputStream from, OutputStream to) throws IOException {
    InputStream requests = new BufferedInputStream(from, 1 << 16);
    OutputStream mock = new BufferedOutputStream(to, 1 << 16);
    byte[] header = new byte[24];
    while (requests.readNBytes(header, 0, header.length) == header.length) {
      ByteBuffer fields = ByteBuffer.wrap(header);
      int bodyBytes = fields.getInt(8);
      byte[] body = requests.readNBytes(bodyBytes);
      int framingBytes = header[0] == 0x08 ? header[2] & 0xff : 0;
      if (header[0] == 0x08) {
        // The flexible framing has one byte for the length of the key, the plain one has two.
        header[0] = (byte) 0x80;
        header[2] = 0;
        fields.putInt(8, bodyBytes - framingBytes);
      }
      mock.write(header);
      mock.write(body, framingBytes, body.length - framingBytes);
      if (requests.available() == 0) mock.flush();
    }
  }

  /** The mock switches the delay on for each connection that it accepts, once it has accepted it. */
  private static void switchOffDelay(Selector selector, Socket mock) throws IOException {
    while (!mock.isClosed()) {
      try {
        for (SelectionKey key : selector.keys()) {
          if (!(key.channel() instanceof SocketChannel channel)) continue;
          if (channel.socket().getPort() != mock.getLocalPort()) continue;
          channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
          return;
        }
      } catch (ConcurrentModificationException another) {
        // The mock accepts or closes a connection at this moment: look again.
      }
      Thread.onSpinWait();
    }
  }

  private static Field field(Class<?> owner, String name) throws NoSuchFieldException {
    Field field = owner.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}

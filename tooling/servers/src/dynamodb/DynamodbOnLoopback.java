import java.lang.reflect.Field;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/** DynamoDB Local with its own options, on loopback alone: its own main class listens on every address. */
public final class DynamodbOnLoopback {
  public static void main(String[] words) throws Exception {
    DynamoDBProxyServer emulator = ServerRunner.createServerFromCommandLineArgs(words);
    Field server = DynamoDBProxyServer.class.getDeclaredField("server");
    server.setAccessible(true);
    for (Connector connector : ((Server) server.get(emulator)).getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
    }
    emulator.start();
    emulator.join();
  }
}

/** What a signed 16-bit column holds, the narrowest that a backend has for it. */
export const MAX_SCHEMA_VERSION = 32_767

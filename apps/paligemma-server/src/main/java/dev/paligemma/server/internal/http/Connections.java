package dev.paligemma.server.internal.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells whether a client has closed its connection, from the table of connections of the Linux kernel: the server of the JDK finds out
 * only when it writes, and an answer in one piece is written when it is too late. Elsewhere nobody knows. Thread-safe.
 */
final class Connections {
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** A machine with many connections has a long table; it is read half of the time at most. */
    private static final int SHARE = 1;

    private static final String ESTABLISHED = "01";
    private static final int LOCAL = 1;
    private static final int REMOTE = 2;
    private static final int STATE = 3;

    private final List<Path> tables;
    private final int port;
    private final boolean known;
    private Map<String, String> states = Map.of();
    /** When reading them began. */
    private long readAt;

    private long staleAfter;

    /** The connections of a port on which this process listens already. */
    Connections(int port) {
        this(port, List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6")));
    }

    Connections(int port, List<Path> tables) {
        this.port = port;
        // The connections of a socket are in the table of the socket. One without it is that of another network
        // namespace, or none at all.
        this.tables =
                tables.stream().filter(table -> read(table, new HashMap<>())).toList();
        this.known = read();
    }

    /** A connection from an address, which is open now. */
    Client client(InetSocketAddress address) {
        return new Client(key(address.getAddress().getAddress(), address.getPort()));
    }

    /** One connection. For one thread. */
    final class Client {
        private final String key;
        private final long since = System.nanoTime();
        private long looked;
        private int absent;

        private Client(String key) {
            this.key = key;
        }

        /** Whether it is closed or half closed; false where that cannot be told. */
        boolean isGone() {
            synchronized (Connections.this) {
                if (!known || (System.nanoTime() - readAt > staleAfter && !read())) {
                    return false;
                }
                String state = states.get(key);
                if (state != null || readAt - since <= 0) {
                    return state != null && !state.equals(ESTABLISHED);
                }
                // The kernel may leave a row out while it shows a table that changes, but not twice.
                if (readAt != looked) {
                    looked = readAt;
                    absent++;
                }
                return absent > 1;
            }
        }
    }

    /** Reads the rows of this port; whether the port itself is among them. */
    private boolean read() {
        long start = System.nanoTime();
        Map<String, String> found = new HashMap<>();
        boolean listening = false;
        for (Path table : tables) {
            listening |= read(table, found);
        }
        states = found;
        readAt = start;
        staleAfter = Math.max(FRESH_NANOS, SHARE * (System.nanoTime() - start));
        return listening;
    }

    private boolean read(Path table, Map<String, String> found) {
        boolean listening = false;
        String local = String.format(":%04X ", port);
        try (BufferedReader lines = Files.newBufferedReader(table, StandardCharsets.US_ASCII)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                // Most are of other ports.
                String[] columns = line.contains(local) ? line.strip().split("\\s+", STATE + 2) : new String[0];
                if (columns.length > STATE && port(columns[LOCAL]) == port) {
                    int remote = port(columns[REMOTE]);
                    listening |= remote == 0;
                    found.put(key(address(columns[REMOTE]), remote), columns[STATE]);
                }
            }
        } catch (IOException | RuntimeException e) {
            return false; // no such table, or one of another form
        }
        return listening;
    }

    private static int port(String place) {
        int colon = place.indexOf(':');
        return colon < 0 ? -1 : Integer.parseInt(place.substring(colon + 1), 16);
    }

    /** Words of four bytes in the order of the machine. */
    private static byte[] address(String place) {
        byte[] bytes = HexFormat.of().parseHex(place.substring(0, place.indexOf(':')));
        if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
            for (int word = 0; word < bytes.length; word += 4) {
                byte first = bytes[word];
                byte second = bytes[word + 1];
                bytes[word] = bytes[word + 3];
                bytes[word + 1] = bytes[word + 2];
                bytes[word + 2] = second;
                bytes[word + 3] = first;
            }
        }
        return bytes;
    }

    /** An address of version 4 is the same in both tables. */
    private static String key(byte[] address, int port) {
        String hex = HexFormat.of().formatHex(address);
        String mapped = "00000000000000000000ffff";
        return (hex.length() == 2 * 16 && hex.startsWith(mapped) ? hex.substring(mapped.length()) : hex) + ':' + port;
    }
}

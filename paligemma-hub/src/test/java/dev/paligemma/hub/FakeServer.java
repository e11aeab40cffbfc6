package dev.paligemma.hub;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLServerSocketFactory;

/** A server on the loopback interface that can break every rule of HTTP. One request per connection. */
final class FakeServer implements AutoCloseable {
    /** What was asked; header names in lower case. */
    record Request(String method, String path, Map<String, String> headers) {
        String header(String name) {
            return headers.get(name);
        }

        boolean isFor(String method, String ending) {
            return this.method.equals(method) && path.replaceAll("\\?.*", "").endsWith("/" + ending);
        }
    }

    /** Answers a request by writing to the socket. */
    interface Handler {
        void handle(Request request, OutputStream out) throws IOException, InterruptedException;
    }

    private final ServerSocket socket;
    private final String scheme;
    private final Handler handler;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    FakeServer(ServerSocketFactory sockets, Handler handler) throws IOException {
        this.socket = sockets.createServerSocket(0, 100, InetAddress.getLoopbackAddress());
        this.scheme = sockets instanceof SSLServerSocketFactory ? "https" : "http";
        this.handler = handler;
        start(this::accept);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "fake-server");
        thread.setDaemon(true);
        thread.start();
    }

    String address() {
        return scheme + "://127.0.0.1:" + socket.getLocalPort();
    }

    List<Request> requests() {
        return requests;
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                open.add(connection);
                start(() -> serve(connection));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection;
                InputStream in = new BufferedInputStream(connection.getInputStream())) {
            String line = line(in);
            if (line.isEmpty()) {
                return;
            }
            String[] first = line.split(" ");
            Map<String, String> headers = new LinkedHashMap<>();
            for (String header = line(in); !header.isEmpty(); header = line(in)) {
                int colon = header.indexOf(':');
                headers.put(
                        header.substring(0, colon).toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip());
            }
            Request request = new Request(first[0], first[1], headers);
            requests.add(request);
            OutputStream out = connection.getOutputStream();
            handler.handle(request, out);
            out.flush();
            // A socket closed with unread input resets the connection and takes the answer with it.
            connection.shutdownOutput();
        } catch (IOException e) {
            // The client has gone, as it does in these tests.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(connection);
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** Writes the head of an answer. */
    static void head(OutputStream out, int status, Map<String, ?> headers) throws IOException {
        StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " X\r\nConnection: close\r\n");
        headers.forEach(
                (name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
        out.write(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        for (Socket connection : open) {
            connection.close();
        }
    }
}

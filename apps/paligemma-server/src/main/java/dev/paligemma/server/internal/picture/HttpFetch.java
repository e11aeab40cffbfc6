package dev.paligemma.server.internal.picture;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * One GET request of HTTP/1.1 to an address that was looked up before: the clients of the JDK look a host up on their own. Confined to
 * one thread.
 */
final class HttpFetch implements AutoCloseable {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;
    private static final int MAX_HEADER_BYTES = 32 << 10;
    private static final int PIECE = 1 << 14;

    private final Socket socket;
    private final InputStream in;
    private final long end;
    private final int maxBytes;

    private HttpFetch(Socket socket, int maxBytes, long end) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
        this.end = end;
        this.maxBytes = maxBytes;
    }

    /** What came: a body, or another address to ask. */
    record Answer(byte[] body, @Nullable String location) {}

    /** Asks; {@code end} is the time of {@link System#nanoTime} at which to give up. */
    static Answer get(URI uri, InetAddress address, int maxBytes, long end) throws IOException {
        boolean tls = "https".equalsIgnoreCase(uri.getScheme());
        int port = uri.getPort() >= 0 ? uri.getPort() : tls ? HTTPS : HTTP;
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(address, port), left(end));
            plain.setSoTimeout(left(end));
            try (HttpFetch fetch = new HttpFetch(tls ? secured(plain, uri, port) : plain, maxBytes, end)) {
                return fetch.ask(uri);
            }
        } catch (SocketTimeoutException e) {
            throw new FetchException("it took too long");
        }
    }

    private static Socket secured(Socket plain, URI uri, int port) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket socket = (SSLSocket) factory.createSocket(plain, uri.getHost(), port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        if (!uri.getHost().matches("\\[.*|[0-9.]+")) {
            parameters.setServerNames(List.of(new SNIHostName(uri.getHost())));
        }
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private static int left(long end) throws IOException {
        long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (millis <= 0) {
            throw new FetchException("it took too long");
        }
        return (int) millis;
    }

    private Answer ask(URI uri) throws IOException {
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        String host = uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        String request = "GET " + path + query + " HTTP/1.1\r\nHost: " + host
                + "\r\nUser-Agent: paligemma\r\nAccept: image/*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String[] lines = head().split("\r?\n");
        String[] status = lines[0].split(" ", 3);
        if (status.length < 2 || !status[0].startsWith("HTTP/1.")) {
            throw new FetchException("its host does not speak HTTP");
        }
        Map<String, String> headers = new HashMap<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        String location = headers.get("location");
        if (status[1].matches("30[12378]") && location != null) {
            return new Answer(new byte[0], location);
        }
        if (!status[1].equals("200")) {
            throw new FetchException("its host answers with status " + (status[1].matches("\\d{3}") ? status[1] : "?"));
        }
        return new Answer(body(headers), null);
    }

    /** Up to the empty line, byte by byte, so that nothing of the body is taken. */
    private String head() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
            socket.setSoTimeout(left(end));
            int next = in.read();
            if (next < 0 || head.length() > MAX_HEADER_BYTES) {
                throw new FetchException("its host does not speak HTTP");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private byte[] body(Map<String, String> headers) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (headers.getOrDefault("transfer-encoding", "")
                .toLowerCase(Locale.ROOT)
                .contains("chunked")) {
            for (int size = chunk(); size > 0; size = chunk()) {
                copy(body, size, true);
                line();
            }
        } else if (headers.containsKey("content-length")) {
            copy(body, size(headers.getOrDefault("content-length", ""), 10), true);
        } else {
            copy(body, Integer.MAX_VALUE, false);
        }
        return body.toByteArray();
    }

    private int chunk() throws IOException {
        return size(line().split(";", 2)[0].strip(), 16);
    }

    private int size(String text, int radix) throws IOException {
        try {
            int size = Integer.parseInt(text, radix);
            if (size < 0 || size > maxBytes) {
                throw tooLarge();
            }
            return size;
        } catch (NumberFormatException e) {
            throw tooLarge();
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (line.length() > MAX_HEADER_BYTES) {
                throw new FetchException("its host does not speak HTTP");
            }
            line.append((char) next);
        }
        return line.toString().strip();
    }

    private void copy(ByteArrayOutputStream body, int size, boolean exactly) throws IOException {
        byte[] piece = new byte[PIECE];
        int rest = size;
        while (rest > 0) {
            socket.setSoTimeout(left(end));
            int count = in.read(piece, 0, Math.min(rest, piece.length));
            if (count < 0) {
                if (exactly) {
                    throw new FetchException("the picture is cut off");
                }
                return;
            }
            rest -= count;
            body.write(piece, 0, count);
            if (body.size() > maxBytes) {
                throw tooLarge();
            }
        }
    }

    private IOException tooLarge() {
        return new FetchException("it is larger than " + maxBytes + " bytes");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

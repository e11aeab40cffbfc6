import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.server.PaliGemmaServer;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;

/**
 * What the server adds to the bundled model: time of a request, memory while idle, time until it is ready. A client of one socket asks, and
 * in turn with it the pipeline is called for the same bytes of a picture.
 *
 * <pre>java -Xmx512m -cp apps/paligemma-cli/target/paligemma.jar src/bench/server/ServerFigures.java [ROUNDS]</pre>
 */
public final class ServerFigures {
    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 1000;
        byte[] picture = Files.readAllBytes(TinyModel.picture());
        long[] loaded = new long[1];
        long ready;
        try (PaliGemmaServer server = PaliGemmaServer.builder().port(0).load(listener -> {
            PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(TinyModel.folder());
            loaded[0] = System.nanoTime();
            return pipeline;
        }).start()) {
            while (!get(server, "/readyz").startsWith("HTTP/1.1 200")) {
                Thread.onSpinWait();
            }
            ready = System.nanoTime();
        }
        System.out.printf("ready after the model: %.0f ms%n", (ready - loaded[0]) / 1e6);

        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(TinyModel.folder())) {
            for (int i = 0; i < 200; i++) {
                call(pipeline, picture);
            }
            double rssBefore = rss();
            double heapBefore = heap();
            try (PaliGemmaServer server = PaliGemmaServer.builder().port(0).pipeline(pipeline).start()) {
                double[] called = new double[rounds];
                double[] asked = new double[rounds];
                try (Socket socket = socket(server)) {
                    byte[] request = request(picture);
                    for (int i = -200; i < rounds; i++) {
                        long start = System.nanoTime();
                        call(pipeline, picture);
                        long between = System.nanoTime();
                        ask(socket, request);
                        long end = System.nanoTime();
                        if (i >= 0) {
                            called[i] = (between - start) / 1e6;
                            asked[i] = (end - between) / 1e6;
                        }
                    }
                }
                Arrays.sort(called);
                Arrays.sort(asked);
                System.out.printf("pipeline call, median: %.2f ms%n", called[rounds / 2]);
                System.out.printf("request to the server, median: %.2f ms%n", asked[rounds / 2]);
                System.out.printf("overhead: %.2f ms%n", asked[rounds / 2] - called[rounds / 2]);
                Thread.sleep(15_000); // threads without work have ended
                System.out.printf("idle, heap: %+.1f MB, resident: %+.1f MB%n", heap() - heapBefore, rss() - rssBefore);
            }
        }
        System.out.println("load of the machine: " + Files.readString(Path.of("/proc/loadavg")).strip());
    }

    private static String call(PaliGemmaPipeline pipeline, byte[] picture) {
        return pipeline.generate(GenerationRequest.of(RgbImage.read(picture), "caption en")).text();
    }

    private static Socket socket(PaliGemmaServer server) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.address().getPort());
        socket.setTcpNoDelay(true);
        return socket;
    }

    private static String get(PaliGemmaServer server, String path) throws IOException {
        try (Socket socket = socket(server)) {
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static byte[] request(byte[] picture) {
        String json = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"caption en\"},{\"type\":\"image_url\",\"image_url\":"
                + "{\"url\":\"data:image/png;base64," + Base64.getEncoder().encodeToString(picture) + "\"}}]}]}";
        return ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " + json.length() + "\r\n\r\n" + json)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Sends a request and reads the answer up to the length that its header says. */
    private static void ask(Socket socket, byte[] request) throws IOException {
        socket.getOutputStream().write(request);
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[1 << 16];
        int count = 0;
        while (true) {
            int read = in.read(buffer, count, buffer.length - count);
            if (read < 0) {
                throw new IOException("closed");
            }
            count += read;
            String text = new String(buffer, 0, count, StandardCharsets.UTF_8);
            int end = text.indexOf("\r\n\r\n");
            int length = text.toLowerCase().indexOf("content-length: ");
            if (end > 0 && length > 0 && text.length() >= end + 4 + Integer.parseInt(text.substring(length + 16, text.indexOf('\r', length)))) {
                if (!text.contains(TinyModel.CAPTION)) {
                    throw new IOException(text);
                }
                return;
            }
        }
    }

    private static double rss() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS")) {
                return Integer.parseInt(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        return Double.NaN;
    }

    private static double heap() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        Runtime runtime = Runtime.getRuntime();
        return (runtime.totalMemory() - runtime.freeMemory()) / 1048576.0;
    }
}

import dev.paligemma.engine.Precision;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.server.PaliGemmaServer;
import dev.paligemma.tiny.TinyModel;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tokens per second of clients that ask at the same time: one client and eight, of a server that answers each on its own and of one that
 * answers eight together, in turn.
 *
 * <pre>java -Xmx1g -cp apps/paligemma-cli/target/paligemma.jar src/bench/server/BatchFigures.java [FOLDER [TOKENS [ROUNDS]]]</pre>
 */
public final class BatchFigures {
    private static final int CLIENTS = 8;
    private static final Pattern TOKENS = Pattern.compile("\"completion_tokens\":(\\d+)");
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    public static void main(String[] args) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        Path folder = args.length > 0 ? Path.of(args[0]) : TinyModel.folder();
        int tokens = args.length > 1 ? Integer.parseInt(args[1]) : 128;
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
        // Under this rule an answer does not end early; what the model writes of its own accord may be short.
        String json = "{\"max_tokens\":" + tokens + ",\"structured_outputs\":{\"regex\":\"[a-z ]{1000}\"},\"messages\":[{\"role\":\"user\",\"content\":"
                + "[{\"type\":\"text\",\"text\":\"caption en\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
                + Base64.getEncoder().encodeToString(Files.readAllBytes(TinyModel.picture())) + "\"}}]}]}";
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder().checkpoint(folder).precision(Precision.INT8).build();
                PaliGemmaServer alone = PaliGemmaServer.builder().port(0).pipeline(pipeline).start();
                PaliGemmaServer together = PaliGemmaServer.builder().port(0).pipeline(pipeline).batch(CLIENTS).start()) {
            System.out.printf("%-8s %14s %14s %18s%n", "round", "1 client", "8, batch 1", "8, batch 8 (tokens/s)");
            for (int round = 0; round <= rounds; round++) {
                double one = perSecond(clients, alone.address(), json, 1);
                double eight = perSecond(clients, alone.address(), json, CLIENTS);
                double joined = perSecond(clients, together.address(), json, CLIENTS);
                System.out.printf("%-8s %14.1f %14.1f %18.1f   %.2f and %.2f times one client%n", round == 0 ? "warm-up" : "" + round, one, eight, joined, eight / one, joined / one);
            }
        } finally {
            clients.shutdown();
        }
        System.out.println("load of the machine: " + Files.readString(Path.of("/proc/loadavg")).strip());
    }

    private static double perSecond(ExecutorService clients, URI server, String json, int count) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(server.resolve("/v1/chat/completions")).header("Content-Type", "application/json").POST(BodyPublishers.ofString(json)).build();
        List<Callable<Integer>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            calls.add(() -> {
                String body = CLIENT.send(request, BodyHandlers.ofString()).body();
                Matcher matcher = TOKENS.matcher(body);
                if (!matcher.find()) {
                    throw new IllegalStateException(body);
                }
                return Integer.parseInt(matcher.group(1));
            });
        }
        long start = System.nanoTime();
        int tokens = 0;
        for (Future<Integer> call : clients.invokeAll(calls)) {
            tokens += call.get();
        }
        return tokens / ((System.nanoTime() - start) / 1e9);
    }
}

package dev.paligemma.cli.option;

import dev.paligemma.PipelineBuilder;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.server.PaliGemmaServer;
import dev.paligemma.server.ServerBuilder;
import dev.paligemma.server.ServerException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a server: where it listens, who may ask, and how much. */
public final class ServerOptions {
    private static final String KEY_VARIABLE = "PALIGEMMA_API_KEY";
    private static final String ACCESS_LOG = "org.slf4j.simpleLogger.log.dev.paligemma.server.access";
    private static final int MAX_KEY_FILE = 1 << 16;
    private static final int MIB = 1 << 20;

    /** Settings of the JDK's server, which it has as system properties only. */
    private static final Map<String, String> JVM = Map.of(
            "sun.net.httpserver.nodelay", "true",
            "jdk.httpserver.maxConnections", "1000");

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Address to listen on: 0.0.0.0 for all of this machine (default: ${DEFAULT-VALUE}).")
    String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "Port to listen on, 0 for one that is free (default: ${DEFAULT-VALUE}).")
    int port = ServerBuilder.DEFAULT_PORT;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Name of the model in requests and answers (default: what --model says, or paligemma-tiny).")
    @Nullable
    String name;

    @Option(
            names = "--mask-weights",
            paramLabel = "FILE",
            description = "Weights of the mask decoder (default: vae-oid.npz in the checkpoint's folder).")
    @Nullable
    Path maskWeights;

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description =
                    "Answer requests with this key only, as 'Authorization: Bearer KEY'; may be repeated. Others on this "
                            + "machine can see it: better in a file, or in PALIGEMMA_API_KEY (default: no key).")
    List<String> keys = List.of();

    @Option(names = "--api-key-file", paramLabel = "FILE", description = "File with keys, one on each line.")
    @Nullable
    Path keyFile;

    @Option(
            names = "--cors-origin",
            paramLabel = "ORIGIN",
            description = "Let pages of this origin ask, such as https://example.com, or * for all; may be repeated.")
    List<String> origins = List.of();

    @Option(
            names = "--allowed-host",
            paramLabel = "NAME",
            description =
                    "Answer to this name, too, such as that of a proxy; may be repeated (default: on a loopback address "
                            + "localhost and numbers, else any).")
    List<String> hosts = List.of();

    @Option(
            names = "--allow-image-urls",
            paramLabel = "HOST",
            split = ",",
            description =
                    "Fetch pictures from this host, *.example.com for all below a name, * for all; never from private "
                            + "addresses; may be repeated (default: fetch none).")
    List<String> imageHosts = List.of();

    @Option(
            names = "--max-concurrent",
            paramLabel = "N",
            description = "Run at most N requests at the same time (default: as many as there are cores).")
    @Nullable
    Integer maxConcurrent;

    @Option(
            names = "--max-waiting",
            paramLabel = "N",
            description = "Let at most N more wait; further ones get status 429 (default: ${DEFAULT-VALUE}).")
    int maxWaiting = 16;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description =
                    "Write up to N answers together, token by token; 1 answers each on its own, with the same bits whatever "
                            + "else is asked (default: ${DEFAULT-VALUE}).")
    int batch = 1;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "Give a request up that takes longer, waiting included (default: ${DEFAULT-VALUE}).")
    double timeout = 300;

    @Option(
            names = "--stop-timeout",
            paramLabel = "SECONDS",
            description = "When told to end, cut requests off that take longer (default: ${DEFAULT-VALUE}).")
    double stopTimeout = 20;

    @Option(
            names = "--max-body",
            paramLabel = "MIB",
            description = "Refuse larger requests, in units of 1,048,576 bytes (default: ${DEFAULT-VALUE}).")
    int maxBody = ServerBuilder.DEFAULT_MAX_BODY_BYTES / MIB;

    @Option(
            names = "--max-pixels",
            paramLabel = "N",
            description = "Refuse pictures with more pixels (default: ${DEFAULT-VALUE}).")
    long maxPixels = ServerBuilder.DEFAULT_MAX_IMAGE_PIXELS;

    @Option(
            names = "--request-memory",
            paramLabel = "MIB",
            description = "Let bodies and pictures of all requests together take so much of Java's heap, in units of "
                    + "1,048,576 bytes (default: half of it).")
    @Nullable
    Integer requestMemory;

    @Option(
            names = "--ignore-system-messages",
            description = "Leave system messages out instead of refusing them; the model cannot follow them.")
    boolean ignoreSystem;

    /**
     * Sets what the JDK's server and the log read once, unless somebody has set it; to be called before the first server.
     *
     * @param quiet whether requests are not to be logged
     */
    public static void prepareJvm(boolean quiet) {
        JVM.forEach(ServerOptions::set);
        set(ACCESS_LOG, quiet ? "warn" : "info");
    }

    private static void set(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** Begins a server. */
    public ServerBuilder builder() {
        ServerBuilder builder = PaliGemmaServer.builder()
                .host(host)
                .port(port)
                .batch(batch)
                .requestTimeout(seconds(timeout))
                .stopTimeout(seconds(stopTimeout))
                .maxBodyBytes(Math.multiplyExact(maxBody, MIB))
                .maxImagePixels(maxPixels)
                .ignoreSystemMessages(ignoreSystem);
        if (requestMemory != null) {
            builder.requestMemory((long) requestMemory * MIB);
        }
        keys.forEach(builder::apiKey);
        String fromEnvironment = System.getenv(KEY_VARIABLE);
        if (fromEnvironment != null && !fromEnvironment.isBlank()) {
            builder.apiKey(fromEnvironment);
        }
        if (keyFile != null) {
            keysIn(keyFile).forEach(builder::apiKey);
        }
        origins.forEach(builder::corsOrigin);
        hosts.forEach(builder::allowedHost);
        imageHosts.forEach(builder::imageHost);
        return builder;
    }

    /** A file without a key would let everybody in. */
    private static List<String> keysIn(Path file) {
        byte[] content = InputFiles.readAll(file, MAX_KEY_FILE, ServerException::new);
        List<String> found = new String(content, StandardCharsets.UTF_8)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        if (found.isEmpty()) {
            throw new ServerException(
                    "file of keys " + file + ": expected at least one line with a key, got none", null);
        }
        return found;
    }

    private static Duration seconds(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }

    /** What the model is called in requests; null for the name of its folder. */
    public @Nullable String modelName(CheckpointOptions checkpoint) {
        if (name != null) {
            return name;
        }
        String typed = checkpoint.model();
        if (typed == null) {
            return "paligemma-tiny";
        }
        return HubOptions.isOnHub(typed) ? typed : null;
    }

    /** Sets what the model has to know. */
    public void applyTo(PipelineBuilder pipeline) {
        pipeline.maxWaiting(maxWaiting);
        if (maxConcurrent != null) {
            pipeline.maxConcurrentRequests(maxConcurrent);
        }
        if (maskWeights != null) {
            pipeline.maskWeights(maskWeights);
        }
    }
}

package dev.paligemma.server;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.server.internal.http.Admission;
import dev.paligemma.server.internal.http.ApiKeys;
import dev.paligemma.server.internal.http.Front;
import dev.paligemma.server.internal.http.Limits;
import dev.paligemma.server.internal.http.Origins;
import dev.paligemma.server.internal.http.Places;
import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.metrics.MetricsEndpoint;
import dev.paligemma.server.internal.metrics.RequestMetrics;
import dev.paligemma.server.internal.model.Health;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.openai.OpenAi;
import dev.paligemma.server.internal.page.WebPage;
import dev.paligemma.server.internal.picture.ImageUrls;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.server.internal.typed.TypedEndpoints;
import dev.paligemma.vision.format.ImageOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects the options of a {@link PaliGemmaServer}, which {@link PaliGemmaServer#builder} begins. Confined to one thread. */
public final class ServerBuilder {
    /** The port that is used unless another one is chosen: {@value}. */
    public static final int DEFAULT_PORT = 8080;

    /** How many bytes the body of a request may have by default: {@value}. */
    public static final int DEFAULT_MAX_BODY_BYTES = 20 << 20;

    /** How many pixels a picture may have by default: {@value}. */
    public static final long DEFAULT_MAX_IMAGE_PIXELS = 40_000_000;

    /** How many pictures a message may have by default: {@value}. */
    public static final int DEFAULT_MAX_IMAGES = 16;

    private static final int MAX_PORT = 65_535;
    private static final int LARGEST_BATCH = 64;
    private static final int LARGEST_BODY = 100 << 20;
    private static final Duration IMAGE_TIMEOUT = Duration.ofSeconds(10);
    private static final Logger LOG = LoggerFactory.getLogger(PaliGemmaServer.class);

    private @Nullable PaliGemmaPipeline pipeline;
    private @Nullable ModelLoader loader;
    private @Nullable String modelName;
    private String host = "127.0.0.1";
    private int port = DEFAULT_PORT;
    private final List<String> keys = new ArrayList<>();
    private final List<String> origins = new ArrayList<>();
    private final List<String> hosts = new ArrayList<>();
    private final List<String> imageHosts = new ArrayList<>();
    private long maxImagePixels = DEFAULT_MAX_IMAGE_PIXELS;
    private int maxImages = DEFAULT_MAX_IMAGES;
    private Limits limits = Limits.DEFAULTS;
    private final RequestMetrics metrics = new RequestMetrics();
    private boolean ignoreSystemMessages;
    private final Places places = new Places();
    private long requestMemory = Runtime.getRuntime().maxMemory() / 2;
    private int batch = 1;

    ServerBuilder() {}

    /** Chooses a model that is loaded already and stays the caller's, who closes it after the server. */
    public ServerBuilder pipeline(PaliGemmaPipeline loaded) {
        this.pipeline = Objects.requireNonNull(loaded, "pipeline");
        this.loader = null;
        return this;
    }

    /** Chooses a model that is loaded while the server answers already, and closed with it. */
    public ServerBuilder load(ModelLoader newLoader) {
        this.loader = Objects.requireNonNull(newLoader, "loader");
        this.pipeline = null;
        return this;
    }

    /** Chooses the name of the model in requests and answers; by default that of its folder. */
    public ServerBuilder modelName(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("modelName must not be blank");
        }
        this.modelName = name;
        return this;
    }

    /** Chooses the address to listen on, by name or number: {@code 127.0.0.1} by default, {@code 0.0.0.0} for all of this machine. */
    public ServerBuilder host(String newHost) {
        if (newHost.isBlank()) {
            throw new IllegalArgumentException("host must not be blank");
        }
        this.host = newHost;
        return this;
    }

    /** Chooses the port, {@value #DEFAULT_PORT} by default; 0 takes one that is free. */
    public ServerBuilder port(int newPort) {
        if (newPort < 0 || newPort > MAX_PORT) {
            throw new IllegalArgumentException("port must be 0 to " + MAX_PORT + ", got " + newPort);
        }
        this.port = newPort;
        return this;
    }

    /**
     * Adds a key; may be called several times. With keys, all paths but those for health, metrics and the page ask for one of them in the
     * header {@code Authorization: Bearer KEY}.
     */
    public ServerBuilder apiKey(String key) {
        if (key.isBlank()) {
            throw new IllegalArgumentException("apiKey must not be blank");
        }
        keys.add(key.strip());
        return this;
    }

    /**
     * Adds an origin, such as {@code https://example.com}, whose pages may ask this server from a browser; {@code *} for all. By default
     * only the server's own page may.
     */
    public ServerBuilder corsOrigin(String origin) {
        if (!origin.equals(Origins.ANY) && !origin.matches("null|[a-z][a-z0-9+.-]*://[^/\\s]+")) {
            throw new IllegalArgumentException(
                    "corsOrigin must be * or an origin such as https://example.com, got '" + origin + "'");
        }
        origins.add(origin);
        return this;
    }

    /**
     * Adds a name to which the server answers, such as that of a proxy in front of it. On the loopback address it answers to {@code
     * localhost} and its numbers only, so that no page can reach it by a name of its own; elsewhere to any name, unless one is added.
     */
    public ServerBuilder allowedHost(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("allowedHost must not be blank");
        }
        hosts.add(name);
        return this;
    }

    /**
     * Adds a host from which pictures may be fetched where a request has their address; {@code *.example.com} for all below a name,
     * {@code *} for all. By default none may. Addresses of private networks and of this machine never are, whatever name leads to them.
     */
    public ServerBuilder imageHost(String name) {
        if (!name.matches("\\*|(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?|\\[[0-9A-Fa-f:.]+]")) {
            throw new IllegalArgumentException(
                    "imageHost must be a host name such as example.com or *.example.com, got '" + name + "'");
        }
        imageHosts.add(name);
        return this;
    }

    /** Limits the body of a request and a fetched picture, 1 to 104,857,600 bytes, {@value #DEFAULT_MAX_BODY_BYTES} by default. */
    public ServerBuilder maxBodyBytes(int limit) {
        limits = limits.withBodyBytes(inRange("maxBodyBytes", limit, LARGEST_BODY));
        return this;
    }

    /** Limits the pixels of a picture, {@value #DEFAULT_MAX_IMAGE_PIXELS} by default. */
    public ServerBuilder maxImagePixels(long limit) {
        this.maxImagePixels = ImageOptions.defaults().withMaxPixels(limit).maxPixels();
        return this;
    }

    /** Limits the pictures of a message, {@value #DEFAULT_MAX_IMAGES} by default. */
    public ServerBuilder maxImages(int limit) {
        this.maxImages = inRange("maxImages", limit, Integer.MAX_VALUE);
        return this;
    }

    /** Limits the time of a request, waiting for its turn included; five minutes by default. */
    public ServerBuilder requestTimeout(Duration limit) {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("requestTimeout must be above 0, got " + limit);
        }
        limits = limits.withWork(limit);
        return this;
    }

    /** Limits how long running requests may go on when the server is closed; twenty seconds by default. */
    public ServerBuilder stopTimeout(Duration limit) {
        if (limit.isNegative()) {
            throw new IllegalArgumentException("stopTimeout must be at least 0, got " + limit);
        }
        limits = limits.withStop(limit);
        return this;
    }

    /** Leaves out messages of the roles system and developer, which are refused by default, as the model cannot follow them. */
    public ServerBuilder ignoreSystemMessages(boolean ignore) {
        this.ignoreSystemMessages = ignore;
        return this;
    }

    /**
     * Limits the memory of the Java heap that bodies and pictures of all requests together take, in bytes; half of the heap by default.
     * Requests whose body has no room are refused as those are that come when the queue is full; pictures wait until there is room to
     * decode them. A request that needs more than this alone is taken when there is no other.
     */
    public ServerBuilder requestMemory(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("requestMemory must be at least 1, got " + bytes);
        }
        this.requestMemory = bytes;
        return this;
    }

    /**
     * Chooses how many requests are answered together, 1 to {@value #LARGEST_BATCH}, as {@link PaliGemmaPipeline#batching} says: one run of
     * the network writes a token of each. 1, the default, answers each on its own, with the same bits whatever else is asked.
     */
    public ServerBuilder batch(int requests) {
        this.batch = inRange("batch", requests, LARGEST_BATCH);
        return this;
    }

    private static int inRange(String name, int value, int max) {
        if (value < 1 || value > max) {
            throw new IllegalArgumentException(name + " must be 1 to " + max + ", got " + value);
        }
        return value;
    }

    /** Starts the server; a {@link ServerException} if the address cannot be had. */
    public PaliGemmaServer start() {
        if (pipeline == null && loader == null) {
            throw new IllegalStateException("no model was chosen: call pipeline(...) or load(...)");
        }
        ServedModel model = new ServedModel();
        PaliGemmaServer server = new PaliGemmaServer(bind(router(model)), model, loader);
        if (pipeline != null) {
            serve(model, pipeline);
        }
        server.start(this);
        return server;
    }

    /** All that the server answers. */
    Router router(ServedModel model) {
        Router router = new Router();
        new Health(model).addTo(router);
        ImageUrls urls = imageHosts.isEmpty() ? null : new ImageUrls(imageHosts, limits.bodyBytes(), IMAGE_TIMEOUT);
        Pictures pictures = new Pictures(ImageOptions.defaults().withMaxPixels(maxImagePixels), urls);
        OpenAi.addTo(router, model, pictures, maxImages, ignoreSystemMessages);
        new TypedEndpoints(model, pictures, maxImages).addTo(router);
        new MetricsEndpoint(metrics).addTo(router);
        new WebPage().addTo(router);
        return router;
    }

    private Front bind(Router router) {
        try {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), port);
            boolean loopback = address.getAddress().isLoopbackAddress();
            if (!loopback && keys.isEmpty()) {
                LOG.warn(
                        "whoever reaches {} may ask this server: it listens beyond this machine and asks for no key",
                        host);
            }
            return new Front(
                    address,
                    router,
                    new ApiKeys(keys),
                    new Origins(origins, hosts, loopback),
                    new Admission(places, requestMemory),
                    limits);
        } catch (UnknownHostException e) {
            throw new ServerException(
                    "cannot listen on host " + host + ": there is no such address; choose another host(...)", e);
        } catch (IOException e) {
            throw new ServerException(
                    "cannot listen on " + host + " port " + port + ": " + e.getMessage()
                            + "; choose another port(...) or host(...)",
                    e);
        }
    }

    /** Other limits, for tests. */
    ServerBuilder limits(Limits others) {
        this.limits = others;
        return this;
    }

    void serve(ServedModel model, PaliGemmaPipeline loaded) {
        String name = modelName;
        if (name == null) {
            name = String.valueOf(loaded.info().folder().getFileName());
        }
        // Together they take one of the pipeline's own places.
        places.limit((long) loaded.maxConcurrentRequests() + batch - 1 + loaded.maxWaiting());
        model.loaded(loaded, name, batch);
        metrics.loaded(loaded.info());
    }

    RequestListener listener() {
        return metrics;
    }
}

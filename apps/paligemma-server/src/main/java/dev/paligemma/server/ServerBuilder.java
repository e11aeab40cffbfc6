package dev.paligemma.server;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.server.internal.http.ApiKeys;
import dev.paligemma.server.internal.http.Front;
import dev.paligemma.server.internal.http.Limits;
import dev.paligemma.server.internal.http.Origins;
import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.model.Health;
import dev.paligemma.server.internal.model.ServedModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Collects the options of a {@link PaliGemmaServer}, which {@link PaliGemmaServer#builder} begins. Confined to one thread. */
public final class ServerBuilder {
    /** The port that is used unless another one is chosen: {@value}. */
    public static final int DEFAULT_PORT = 8080;

    private static final int MAX_PORT = 65_535;

    private @Nullable PaliGemmaPipeline pipeline;
    private @Nullable ModelLoader loader;
    private @Nullable String modelName;
    private String host = "127.0.0.1";
    private int port = DEFAULT_PORT;
    private final List<String> keys = new ArrayList<>();
    private final List<String> origins = new ArrayList<>();
    private final List<String> hosts = new ArrayList<>();
    private Limits limits = Limits.DEFAULTS;
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

    /** Starts the server; a {@link ServerException} if the address cannot be had. */
    public PaliGemmaServer start() {
        if (pipeline == null && loader == null) {
            throw new IllegalStateException("no model was chosen: call pipeline(...) or load(...)");
        }
        ServedModel model = new ServedModel();
        Router router = new Router();
        new Health(model).addTo(router);
        PaliGemmaServer server = new PaliGemmaServer(bind(router), model, loader);
        if (pipeline != null) {
            serve(model, pipeline);
        }
        server.start(this);
        return server;
    }

    private Front bind(Router router) {
        try {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), port);
            boolean loopback = address.getAddress().isLoopbackAddress();
            return new Front(address, router, new ApiKeys(keys), new Origins(origins, hosts, loopback), limits);
        } catch (UnknownHostException e) {
            throw new ServerException("cannot listen on host " + host + ": there is no such address; choose another host(...)", e);
        } catch (IOException e) {
            throw new ServerException(
                    "cannot listen on " + host + " port " + port + ": " + e.getMessage() + "; choose another port(...) or host(...)", e);
        }
    }

    void serve(ServedModel model, PaliGemmaPipeline loaded) {
        String name = modelName;
        if (name == null) {
            name = String.valueOf(loaded.info().folder().getFileName());
        }
        model.loaded(loaded, name, batch);
    }

    RequestListener listener() {
        return new RequestListener() {};
    }
}

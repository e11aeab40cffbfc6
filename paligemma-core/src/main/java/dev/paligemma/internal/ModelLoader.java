package dev.paligemma.internal;

import dev.paligemma.base.internal.CacheFolder;
import dev.paligemma.catalog.MemoryCheck;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.internal.convert.ConversionPlan;
import dev.paligemma.checkpoint.internal.convert.ConvertedCheckpoints;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineChoice;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.generation.internal.Stopwatch;
import dev.paligemma.network.Networks;
import dev.paligemma.network.internal.Adapters;
import dev.paligemma.network.internal.VisionLanguageModel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a model runs, and the way from there to one that is loaded: engine, precision, conversion, adapters. Confined to one
 * thread.
 */
public final class ModelLoader {
    private final Logger log;
    private final ModelSources sources = new ModelSources();
    private @Nullable String engine;
    private Device device = Device.CPU;
    private @Nullable Precision precision;
    private int threads = EngineOptions.defaults().threads();
    private @Nullable Path cacheDirectory;
    private ConversionListener conversionListener = ConversionListener.NONE;
    private @Nullable Path maskWeights;

    /** @param owner the class whose users read the log */
    public ModelLoader(Class<?> owner) {
        this.log = LoggerFactory.getLogger(owner);
    }

    /** Where the model comes from. */
    public ModelSources sources() {
        return sources;
    }

    /** The name of an engine on the class path; fails if there is none. */
    public void engine(String name) {
        EngineChoice.check(name);
        this.engine = name;
    }

    public void device(Device newDevice) {
        this.device = Objects.requireNonNull(newDevice, "device");
    }

    public void precision(Precision newPrecision) {
        this.precision = Objects.requireNonNull(newPrecision, "precision");
    }

    public void threads(int newThreads) {
        if (newThreads < 1 || newThreads > EngineOptions.MAX_THREADS) {
            throw new IllegalArgumentException(
                    "threads must be from 1 to " + EngineOptions.MAX_THREADS + ", got " + newThreads);
        }
        this.threads = newThreads;
    }

    public void cacheDirectory(Path folder) {
        this.cacheDirectory = Objects.requireNonNull(folder, "folder");
    }

    public void maskWeights(Path file) {
        this.maskWeights = Objects.requireNonNull(file, "file");
    }

    public void onConversion(ConversionListener listener) {
        this.conversionListener = Objects.requireNonNull(listener, "listener");
    }

    /**
     * Loads the model.
     *
     * @param open opens a checkpoint of the wanted kind
     * @param record records its networks
     */
    public LoadedModel load(Function<Path, Checkpoint> open, Function<PaliGemmaConfig, Networks> record) {
        Path folder = sources.checkpoint();
        Map<String, Path> adapters = sources.adapters();
        Stopwatch stopwatch = new Stopwatch();
        try (Checkpoint given = open.apply(folder)) {
            // An engine that does not know the precision refuses here, before anything is converted for it.
            EngineOptions options = new EngineOptions(device, choose(given, precision), threads);
            EngineProvider provider = EngineChoice.choose(engine, options.device(), options.precision());
            Engine runtime = provider.create(options);
            PaliGemmaConfig config = given.config();
            Networks networks = record.apply(config);
            MemoryCheck.OF_THIS_MACHINE
                    .warning(given, networks, provider, options, engine)
                    .ifPresent(log::warn);
            // A vocabulary takes as long to read as an engine needs for its weights, so both are done at once.
            CompletableFuture<ModelFiles> files =
                    CompletableFuture.supplyAsync(() -> ModelFiles.read(given, maskWeights, adapters));
            VisionLanguageModel model = compile(runtime, given, networks, adapters, files);
            ModelFiles read = closingOnFailure(model, files);
            LoadedModel loaded =
                    new LoadedModel(folder, given.folder(), config, runtime, model, read, stopwatch.lapMs());
            log.info(
                    "loaded {} with {} {} in {} ms", folder, runtime.name(), runtime.options(), (long) loaded.loadMs());
            return loaded;
        }
    }

    private VisionLanguageModel compile(
            Engine runtime,
            Checkpoint given,
            Networks networks,
            Map<String, Path> adapters,
            CompletableFuture<ModelFiles> files) {
        if (!runtime.options().precision().isQuantised()) {
            return new VisionLanguageModel(runtime, given, Adapters.load(networks, adapters, given));
        }
        ConversionPlan plan = ConversionPlan.of(runtime.options().precision(), networks.all());
        Path cache = cacheDirectory == null ? CacheFolder.ofThisProcess() : cacheDirectory;
        Path folder = new ConvertedCheckpoints(cache).obtain(given, plan, progress -> {
            // Converting takes minutes, which are wasted if another file turns out to be unusable.
            join(files);
            conversionListener.progress(progress);
        });
        if (folder.equals(given.folder())) {
            return new VisionLanguageModel(runtime, given, Adapters.load(networks, adapters, given));
        }
        try (Checkpoint converted = Checkpoint.open(folder, given.network())) {
            return new VisionLanguageModel(runtime, converted, Adapters.load(networks, adapters, converted));
        }
    }

    private static ModelFiles closingOnFailure(VisionLanguageModel model, CompletableFuture<ModelFiles> files) {
        try {
            return join(files);
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** The files, or the exception that reading them ended with. */
    private static ModelFiles join(CompletableFuture<ModelFiles> files) {
        try {
            return files.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** The precision to run a checkpoint in: what is asked for, or else what it is stored in. */
    private static Precision choose(Checkpoint checkpoint, @Nullable Precision wanted) {
        Precision stored = checkpoint.precision();
        if (wanted != null && wanted != stored && stored.isQuantised()) {
            throw new CheckpointException(checkpoint.folder() + " holds weights converted for " + stored
                    + ", but precision " + wanted + " was asked for; load the original checkpoint for that");
        }
        return wanted == null ? stored : wanted;
    }
}

package dev.paligemma.micrometer;

import dev.paligemma.ModelInfo;
import dev.paligemma.PipelineBuilder;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Counts and times the requests of a pipeline in registries of Micrometer.
 *
 * <pre>{@code
 * PaliGemmaMetrics metrics = new PaliGemmaMetrics();
 * metrics.bindTo(registry);
 * PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
 *         .checkpoint(folder)
 *         .onRequest(metrics)
 *         .build();
 * metrics.loaded(pipeline.info());
 * }</pre>
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>kind</th><th>tags</th><th>what</th></tr>
 * <tr><td>{@value #REQUESTS}</td><td>timer</td><td>{@code kind}: {@link RequestInfo.Kind} in lower case<br>{@code outcome}: {@code
 *     stop}, {@code length}, {@code none}, {@code cancelled}, {@code refused}, {@code failed}</td><td>finished requests, with the time
 *     that they waited</td></tr>
 * <tr><td>{@value #TOKENS}</td><td>counter</td><td>{@code kind}: {@code prompt}, {@code image}, {@code completion}</td><td>tokens
 *     of requests that have an answer</td></tr>
 * <tr><td>{@value #STAGE}</td><td>timer</td><td>{@code stage}: {@code preprocess}, {@code vision}, {@code prefill}, {@code
 *     decode}</td><td>where the time of requests that have an answer went</td></tr>
 * <tr><td>{@value #FIRST_TOKEN}</td><td>timer</td><td></td><td>from when a request asked for its turn to its first token</td></tr>
 * <tr><td>{@value #QUEUE_WAIT}</td><td>timer</td><td></td><td>how long requests waited that had their turn</td></tr>
 * <tr><td>{@value #QUEUE_WAITING}</td><td>gauge</td><td></td><td>requests that wait for their turn</td></tr>
 * <tr><td>{@value #QUEUE_ACTIVE}</td><td>gauge</td><td></td><td>requests that run</td></tr>
 * <tr><td>{@value #MODEL_LOADED}</td><td>gauge</td><td>{@code engine}, {@code precision}</td><td>1 while the model is loaded, then
 *     0</td></tr>
 * </table>
 *
 * <p>Outcomes are those of {@link RequestOutcome#ending}. Requests of one call of {@code generateAll} wait together, and each counts.
 *
 * <p>No meter shows prompts, answers or names of adapters, so there are as many time series as the table says.
 *
 * <p>Thread-safe. May be bound to several registries, and before or after {@link PipelineBuilder#build}; what happened before is not
 * counted, what is waiting or running then is. One object is for one pipeline and its views: for several pipelines and one registry
 * give each an object, with a tag that tells them apart.
 */
public final class PaliGemmaMetrics implements RequestListener, MeterBinder {
    /** The timer of finished requests: {@value}. */
    public static final String REQUESTS = "paligemma.requests";

    /** The counter of tokens: {@value}. */
    public static final String TOKENS = "paligemma.tokens";

    /** The timer of the stages of requests: {@value}. */
    public static final String STAGE = "paligemma.stage";

    /** The timer up to the first token: {@value}. */
    public static final String FIRST_TOKEN = "paligemma.first.token";

    /** The timer of waiting: {@value}. */
    public static final String QUEUE_WAIT = "paligemma.queue.wait";

    /** The gauge of requests that wait: {@value}. */
    public static final String QUEUE_WAITING = "paligemma.queue.waiting";

    /** The gauge of requests that run: {@value}. */
    public static final String QUEUE_ACTIVE = "paligemma.queue.active";

    /** The gauge of the model: {@value}. */
    public static final String MODEL_LOADED = "paligemma.model.loaded";

    private final Tags tags;
    private final List<RegistryMeters> bound = new CopyOnWriteArrayList<>();
    private final Set<RequestInfo> waiting = ConcurrentHashMap.newKeySet();
    private final Set<RequestInfo> active = ConcurrentHashMap.newKeySet();
    private Optional<ModelInfo> model = Optional.empty(); // guarded by this, as is binding

    /** Meters without tags of yours. */
    public PaliGemmaMetrics() {
        this(Tags.empty());
    }

    /**
     * Meters which all have these tags besides their own.
     *
     * @throws IllegalArgumentException if one has the key of a tag that a meter has already: kind, outcome, stage, engine or
     *     precision
     */
    public PaliGemmaMetrics(Iterable<Tag> tags) {
        this.tags = Tags.of(Objects.requireNonNull(tags, "tags"));
        this.tags.stream()
                .map(Tag::getKey)
                .filter(RegistryMeters.KEYS::contains)
                .findFirst()
                .ifPresent(key -> {
                    throw new IllegalArgumentException("expected tags with keys of their own, got " + key
                            + ", which a meter of the pipeline has already; choose another key than "
                            + RegistryMeters.KEYS);
                });
    }

    /** Counts and times in this registry from now on; a registry that is bound already stays so. */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        Objects.requireNonNull(registry, "registry");
        if (bound.stream().anyMatch(each -> each.isOf(registry))) {
            return;
        }
        RegistryMeters meters = new RegistryMeters(registry, tags, waiting::size, active::size);
        model.ifPresent(meters::loaded);
        bound.add(meters);
    }

    /** The pipeline is loaded: {@value #MODEL_LOADED} is 1 for its engine and precision, and 0 for others. */
    public synchronized void loaded(ModelInfo info) {
        model = Optional.of(info);
        bound.forEach(each -> each.loaded(info));
    }

    /** The pipeline is closed: {@value #MODEL_LOADED} is 0. */
    public synchronized void closed() {
        model = Optional.empty();
        bound.forEach(RegistryMeters::closed);
    }

    @Override
    public void queued(RequestInfo request) {
        waiting.add(request);
    }

    @Override
    public void started(RequestInfo request) {
        active.add(request);
        waiting.remove(request);
        bound.forEach(each -> each.started(request.waited()));
    }

    @Override
    public void firstToken(RequestInfo request) {
        bound.forEach(each -> each.firstToken(request.elapsed()));
    }

    @Override
    public void finished(RequestInfo request, RequestOutcome outcome) {
        waiting.remove(request);
        active.remove(request);
        String kind = request.kind().name().toLowerCase(Locale.ROOT);
        bound.forEach(each -> each.finished(kind, request.elapsed(), outcome.ending(), outcome));
    }
}

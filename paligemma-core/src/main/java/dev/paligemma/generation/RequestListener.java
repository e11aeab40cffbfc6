package dev.paligemma.generation;

/**
 * Is told what becomes of the requests of a pipeline, for metrics, traces and logs; set by {@link
 * dev.paligemma.PipelineBuilder#onRequest}.
 *
 * <p>For each request, {@link #queued} comes first and {@link #finished} last, each exactly once; between them {@link #started} and
 * {@link #firstToken}, unless the request ends before. All calls about a request have the same {@link RequestInfo} object.
 * What is a request:
 *
 * <ul>
 *   <li>one call of {@code generate}, {@code generateAsync}, {@code generateSeveral}, {@code search} or {@code score}, from when
 *       it asks for its turn;
 *   <li>a stream from its first piece to its last, or until it is closed; of a publisher, one for each subscriber;
 *   <li>each request of {@code generateAll}: it starts when its own prompt does, and is finished as soon as its own answer is,
 *       also where another one fails later, and the call with it;
 *   <li>each picture and prompt of {@code compare}: listeners of the reference hear of its answer, those of the other pipeline of the
 *       answers that it has to write on its own.
 * </ul>
 *
 * <p>A call that is refused for its arguments before it asks for its turn, and {@code encode}, are none.
 *
 * <p>Calls come from the thread that works for the request: the caller's; for a stream the one that asks for the piece or closes
 * it; for futures, publishers and what a {@link dev.paligemma.BatchingRunner} has begun, one of the executor. Calls about one request come one after the other, those about several at the
 * same time, so a listener must be thread-safe. The request waits meanwhile: a listener should be quick, and must not call the pipeline.
 * What it throws is logged and changes nothing.
 *
 * <p>Neither what it is given nor the log shows prompts or answers, unless the listener reads {@link RequestInfo#request} or
 * {@link RequestOutcome#results}.
 */
public interface RequestListener {
    /** A request asks for its turn. */
    default void queued(RequestInfo request) {}

    /** The pipeline begins to work on a request, which has waited for {@link RequestInfo#waited}. */
    default void started(RequestInfo request) {}

    /**
     * Pictures and prompt have been run, and the first token is chosen, which may be the one that ends the answer; of a score, the
     * first tokens of the given answers are judged.
     */
    default void firstToken(RequestInfo request) {}

    /** A request has ended, by an answer or by a failure. */
    default void finished(RequestInfo request, RequestOutcome outcome) {}
}

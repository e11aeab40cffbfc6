/**
 * PaliGemma in applications of Spring Boot 4: the properties {@code paligemma.*} make a pipeline and a chat model, loaded while the
 * application starts, seen by its health and its meters, and closed with it.
 *
 * <pre>{@code
 * paligemma.model=google/paligemma2-3b-mix-224
 * paligemma.precision=int8
 * }</pre>
 *
 * <p>{@link dev.paligemma.springboot.PaliGemmaProperties} has all of them. Nothing is loaded unless a model is named. Then there are these
 * beans, each unless the application has one of its own:
 *
 * <ul>
 *   <li>{@link dev.paligemma.springboot.PaliGemmaLoader}, which loads the model in a thread of its own
 *   <li>{@link dev.paligemma.PaliGemmaPipeline}; whoever asks for it waits until it is loaded
 *   <li>{@link dev.paligemma.springai.PaliGemmaChatModel}, which waits no sooner than when it is asked something; {@code
 *       spring.ai.model.chat=none}, or the name of another one, leaves it out
 *   <li>with an actuator, a health indicator and a {@link dev.paligemma.micrometer.PaliGemmaMetrics}
 * </ul>
 *
 * <p>Beans of type {@link dev.paligemma.generation.RequestListener} are told of all requests, and beans of type {@link
 * dev.paligemma.springboot.PipelineCustomizer} may change how the model is loaded.
 */
@NullMarked
package dev.paligemma.springboot;

import org.jspecify.annotations.NullMarked;

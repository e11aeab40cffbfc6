/**
 * PaliGemma as a model of Deep Java Library (DJL): {@code Criteria}, {@code ZooModel}, {@code Predictor}.
 *
 * <p>{@link dev.paligemma.djl.PaliGemmaEngineProvider} offers the DJL engine {@value
 * dev.paligemma.djl.PaliGemmaEngineProvider#NAME}, whose models are {@link dev.paligemma.PaliGemmaPipeline}s. What a
 * predictor takes and gives is chosen by a translator of {@link dev.paligemma.djl.PaliGemmaTranslators}, or by arguments
 * through {@link dev.paligemma.djl.PaliGemmaTranslatorFactory}. {@link dev.paligemma.djl.DjlConversions} turns pictures,
 * boxes and masks of one library into those of the other.
 *
 * <pre>{@code
 * Criteria<Image, DetectedObjects> criteria = Criteria.builder()
 *         .setTypes(Image.class, DetectedObjects.class)
 *         .optEngine("PaliGemma")
 *         .optModelPath(folder)
 *         .optTranslator(PaliGemmaTranslators.detect("cat", "dog"))
 *         .build();
 * try (ZooModel<Image, DetectedObjects> model = criteria.loadModel();
 *         Predictor<Image, DetectedObjects> predictor = model.newPredictor()) {
 *     DetectedObjects found = predictor.predict(image);
 * }
 * }</pre>
 *
 * <p>No tensor of DJL is involved and no engine of it is needed besides; which of our engines computes is a loading option,
 * see {@link dev.paligemma.djl.PaliGemmaModel#load}. Models, predictors and translators are thread-safe, and all
 * predictors of a model share its one pipeline.
 */
@NullMarked
package dev.paligemma.djl;

import org.jspecify.annotations.NullMarked;

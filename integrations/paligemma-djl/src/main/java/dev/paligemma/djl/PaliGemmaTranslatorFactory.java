package dev.paligemma.djl;

import ai.djl.Model;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.modality.cv.output.DetectedObjects;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.Set;

/**
 * Makes translators from the types and arguments of a {@code Criteria}, for applications and servers that are configured by
 * text, such as a {@code serving.properties} file with {@code translatorFactory=dev.paligemma.djl.PaliGemmaTranslatorFactory}.
 * Stateless and thread-safe.
 *
 * <table>
 * <caption>Types and the arguments they look at</caption>
 * <tr><th>from</th><th>to</th><th>does</th></tr>
 * <tr><td>{@code Image}</td><td>{@code DetectedObjects}</td><td>{@code task}: {@code detect}, the default, or
 *     {@code segment}; {@code labels}: what to find, a list or text with semicolons, required</td></tr>
 * <tr><td>{@code Image}</td><td>{@code String}</td><td>{@code prompt}: any prompt; or {@code task}: {@code caption}, the
 *     default, {@code cap}, {@code describe}, {@code ocr}, with {@code language}, {@code en} by default;
 *     {@code maxNewTokens}</td></tr>
 * <tr><td>{@code VisionLanguageInput}</td><td>{@code String}</td><td>answers the text of the input, see
 *     {@link PaliGemmaTranslators#prompted()}; {@code maxNewTokens}; a task or prompt is refused</td></tr>
 * <tr><td>{@code VisionLanguageInput}</td><td>{@code DetectedObjects}</td><td>finds the candidates of the input;
 *     {@code task}: {@code detect}, the default, or {@code segment}</td></tr>
 * <tr><td>{@code Input}</td><td>{@code Output}</td><td>any of the tasks above, chosen by the same arguments. The input has
 *     the bytes of a picture file as {@code image}, {@code data} or its first content, and may have a {@code text} instead
 *     of the arguments' prompt or labels. The output is JSON: an object with the {@code text}, or the list that DJL writes
 *     of {@code DetectedObjects}. Addresses of pictures are not followed, and control tokens in the text are plain
 *     text.</td></tr>
 * </table>
 *
 * <p>Other arguments are left alone, since an application may have its own.
 */
public final class PaliGemmaTranslatorFactory implements TranslatorFactory {
    private static final Set<Pair<Type, Type>> SUPPORTED = Set.of(
            new Pair<>(Image.class, DetectedObjects.class),
            new Pair<>(Image.class, String.class),
            new Pair<>(VisionLanguageInput.class, String.class),
            new Pair<>(VisionLanguageInput.class, DetectedObjects.class),
            new Pair<>(Input.class, Output.class));

    /** Called by applications, and by DJL for {@code translatorFactory} arguments. */
    public PaliGemmaTranslatorFactory() {}

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return SUPPORTED;
    }

    /**
     * Makes a translator as above. The model is closed if that fails: DJL has loaded it by then, forgets it, and would
     * leave its memory occupied.
     *
     * @throws TranslateException if the model is one of another engine, the types are not supported, or an argument is
     *     missing or has no such value
     */
    @Override
    @SuppressWarnings("unchecked") // each is made for its types
    public <I, O> Translator<I, O> newInstance(Class<I> input, Class<O> output, Model model, Map<String, ?> arguments)
            throws TranslateException {
        try {
            if (!(model instanceof PaliGemmaModel)) {
                throw new IllegalArgumentException(PaliGemmaEngineProvider.notOurs(model));
            }
            return (Translator<I, O>) translator(input, output, new TranslatorArguments(arguments));
        } catch (IllegalArgumentException e) {
            model.close();
            throw new TranslateException("no translator for model '" + model.getName() + "': " + e.getMessage(), e);
        }
    }

    private static Translator<?, ?> translator(Class<?> input, Class<?> output, TranslatorArguments arguments) {
        if (input == Image.class && output == DetectedObjects.class) {
            String[] labels = arguments.labels().toArray(new String[0]);
            return arguments.wantsMasks() ? PaliGemmaTranslators.segment(labels) : PaliGemmaTranslators.detect(labels);
        }
        if (input == Image.class && output == String.class) {
            return PaliGemmaTranslators.task(
                    PaliGemmaTranslators.writing(arguments.writing(), arguments.maxNewTokens()));
        }
        if (input == VisionLanguageInput.class && output == String.class) {
            arguments.requireNoPrompt();
            return PaliGemmaTranslators.prompted(arguments.maxNewTokens());
        }
        if (input == VisionLanguageInput.class && output == DetectedObjects.class) {
            return arguments.wantsMasks() ? PaliGemmaTranslators.candidateMasks() : PaliGemmaTranslators.candidates();
        }
        if (input == Input.class && output == Output.class) {
            return PaliGemmaTranslators.of(new ServedTask(arguments));
        }
        throw new IllegalArgumentException("from " + input.getName() + " to " + output.getName()
                + " is not supported, expected one of " + SUPPORTED);
    }
}

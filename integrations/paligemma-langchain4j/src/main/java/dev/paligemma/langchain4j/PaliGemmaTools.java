package dev.paligemma.langchain4j;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.detection.Detection;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Tools with which another language model looks at pictures: it finds things, reads text, asks for a caption, asks a question.
 *
 * <pre>{@code
 * Agent agent = AiServices.builder(Agent.class)
 *         .chatModel(llm)
 *         .tools(PaliGemmaTools.of(pipeline, Map.of("receipt", picture)))
 *         .build();
 * }</pre>
 *
 * <p>The language model names pictures; which ones there are, the application says. A name is never taken for a file or an address. A
 * name that does not exist, a label or a question that cannot be asked is an {@link IllegalArgumentException}, whose message
 * LangChain4j shows to the language model. Thread-safe, if the lookup is.
 */
public final class PaliGemmaTools {
    private final TaskRunner pipeline;
    private final Function<String, Optional<RgbImage>> pictures;
    private final String advice;

    private PaliGemmaTools(TaskRunner pipeline, Function<String, Optional<RgbImage>> pictures, String advice) {
        this.pipeline = Objects.requireNonNull(pipeline, "pipeline");
        this.pictures = pictures;
        this.advice = advice;
    }

    /**
     * Tools that look at pictures which the application looks up.
     *
     * @param pipeline a {@link dev.paligemma.PaliGemmaPipeline} of the application, which closes it
     * @param pictures gives the picture of a name, or empty if there is none. The name comes from a language model: do not read a file of
     *     that name, for it may be any
     */
    public static PaliGemmaTools of(TaskRunner pipeline, Function<String, Optional<RgbImage>> pictures) {
        return new PaliGemmaTools(pipeline, Objects.requireNonNull(pictures, "pictures"), "");
    }

    /** Tools that look at these pictures, whose names the language model is told when it uses another one. */
    public static PaliGemmaTools of(TaskRunner pipeline, Map<String, RgbImage> pictures) {
        Map<String, RgbImage> copy = Map.copyOf(pictures);
        return new PaliGemmaTools(
                pipeline, name -> Optional.ofNullable(copy.get(name)), "; there are " + new TreeSet<>(copy.keySet()));
    }

    /**
     * A thing that was found, as a language model is told of it.
     *
     * @param label what it is
     * @param confidence how likely the box is right, 0 to 1; small for small things, also where it is right
     * @param left the left edge in pixels of the picture, from its left
     * @param top the upper edge in pixels of the picture, from above
     * @param right the right edge, as the left one
     * @param bottom the lower edge, as the upper one
     */
    public record Thing(String label, double confidence, int left, int top, int right, int bottom) {
        private static Thing of(Detection found) {
            PixelBox box = found.pixels();
            // Two digits are all that a language model needs to read.
            double confidence = Math.round(found.confidence() * 100) / 100.0;
            return new Thing(found.label(), confidence, box.left(), box.top(), box.right(), box.bottom());
        }
    }

    /** Finds things. */
    @Tool(
            name = "detect_things_in_picture",
            value =
                    "Finds things in a picture. Returns a box in pixels for each that was found, with its label and how likely"
                            + " the box is right, from 0 to 1; an empty list if nothing was found.")
    public List<Thing> detect(
            @P(name = "picture", value = "the name of the picture") String picture,
            @P(name = "labels", value = "what to look for: short nouns in English, such as cat or red car")
                    List<String> labels) {
        return pipeline.detect(picture(picture), labels.toArray(String[]::new)).detections().stream()
                .map(Thing::of)
                .toList();
    }

    /** Reads the text in a picture. */
    @Tool(
            name = "read_text_in_picture",
            value = "Reads the text that is written in a picture. Returns the text; empty if there is none.")
    public String readText(@P(name = "picture", value = "the name of the picture") String picture) {
        return pipeline.ocr(picture(picture));
    }

    /** Captions a picture. */
    @Tool(name = "caption_picture", value = "Describes a picture in one short sentence.")
    public String caption(
            @P(name = "picture", value = "the name of the picture") String picture,
            @P(
                            name = "language",
                            value = "the language of the caption as a code, such as en or es",
                            defaultValue = "en")
                    String language) {
        return pipeline.caption(picture(picture), language);
    }

    /** Answers a question about a picture. */
    @Tool(
            name = "answer_question_about_picture",
            value = "Answers a question about what is seen in a picture, in a few words.")
    public String answer(
            @P(name = "picture", value = "the name of the picture") String picture,
            @P(name = "question", value = "one short question in English, such as: what color is the car?")
                    String question) {
        return pipeline.answer(picture(picture), question);
    }

    private RgbImage picture(String name) {
        return pictures.apply(name)
                .orElseThrow(() -> new IllegalArgumentException("there is no picture " + Quote.quote(name) + advice));
    }
}

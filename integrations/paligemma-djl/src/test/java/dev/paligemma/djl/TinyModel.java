package dev.paligemma.djl;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.repository.zoo.Criteria;
import java.io.IOException;
import java.nio.file.Path;

/** The trained model and the picture that the examples bundle, as files of this source tree. */
final class TinyModel {
    private static final Path EXAMPLES = Path.of("../..", "paligemma-examples/src/main/resources/dev/paligemma/examples");

    /** The checkpoint folder, with the weights of the mask decoder. */
    static final Path FOLDER = EXAMPLES.resolve("tiny");

    /** A picture with a blue square and the word cafe. */
    static final Path PICTURE = EXAMPLES.resolve("scene.png");

    private TinyModel() {}

    static Image picture() throws IOException {
        return ImageFactory.getInstance().fromFile(PICTURE);
    }

    static <I, O> Criteria.Builder<I, O> criteria(Class<I> input, Class<O> output) {
        return Criteria.builder()
                .setTypes(input, output)
                .optEngine(PaliGemmaEngineProvider.NAME)
                .optModelPath(FOLDER)
                .optOption("threads", "1");
    }
}

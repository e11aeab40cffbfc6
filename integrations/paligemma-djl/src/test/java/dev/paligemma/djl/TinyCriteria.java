package dev.paligemma.djl;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.repository.zoo.Criteria;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Path;

/** The tiny trained model, and how to ask for it. */
final class TinyCriteria {
    /** The checkpoint folder, with the weights of the mask decoder. */
    static final Path FOLDER = TinyModel.folder();

    /** A picture with a blue square and the word cafe. */
    static final Path PICTURE = TinyModel.picture();

    private TinyCriteria() {}

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

package dev.paligemma.training.internal.setup;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Picture;
import dev.paligemma.training.internal.batch.ImageInput;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.ImageProcessor;
import java.nio.FloatBuffer;
import java.util.List;

/** Pictures as pixels, where the image encoder is trained: {@code float32[B, 3, S, S]}. */
record PixelInput(String name, ImageProcessor processor) implements ImageInput {
    private static final int CHANNELS = 3;

    @Override
    public HostTensor of(List<Example> examples) {
        long images = examples.stream()
                .mapToLong(example -> example.pictures().size())
                .sum();
        HostTensor pixels =
                HostTensor.allocate(ElementType.FLOAT32, images, CHANNELS, processor.size(), processor.size());
        FloatBuffer floats = pixels.floats();
        int size = CHANNELS * processor.size() * processor.size();
        int image = 0;
        for (Example example : examples) {
            for (Picture picture : example.pictures()) {
                try {
                    processor.process(picture.read()).copyTo(floats.slice(image++ * size, size));
                } catch (FineTuningException e) {
                    throw new FineTuningException(example.origin() + ": " + e.getMessage(), e);
                }
            }
        }
        return pixels;
    }
}

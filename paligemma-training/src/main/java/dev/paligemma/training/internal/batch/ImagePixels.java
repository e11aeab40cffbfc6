package dev.paligemma.training.internal.batch;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Picture;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.PixelValues;
import java.util.List;

/**
 * Pictures as they enter a trained image tower: {@code float32[B, 3, S, S]}, processed anew for each batch. Immutable and
 * thread-safe.
 *
 * @param name of the graph input
 */
public record ImagePixels(String name, ImageProcessor processor) implements ImageInput {
    @Override
    public HostTensor of(List<Example> examples) {
        int images =
                examples.stream().mapToInt(example -> example.pictures().size()).reduce(0, Math::addExact);
        int side = processor.size();
        HostTensor pixels = HostTensor.allocate(ElementType.FLOAT32, images, PixelValues.CHANNELS, side, side);
        int image = 0;
        for (Example example : examples) {
            for (Picture picture : example.pictures()) {
                try {
                    processor
                            .process(picture.read())
                            .copyTo(pixels.rows(image++, 1).floats());
                } catch (FineTuningException e) {
                    throw new FineTuningException(example.origin() + ": " + e.getMessage(), e);
                }
            }
        }
        return pixels;
    }
}

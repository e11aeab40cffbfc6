package dev.paligemma.bench;

import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.PixelValues;
import dev.paligemma.vision.RgbImage;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From a decoded picture to the pixels of the network: resized with the bicubic filter and normalised. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class PreprocessingBenchmark {
    /** Width and height of the picture. */
    @Param({"640x480", "4000x3000"})
    public String picture = "";

    /** Side of the network's input. */
    @Param({"224", "448", "896"})
    public int resolution;

    private final Random random = new Random(1);
    private RgbImage image = RgbImage.of(1, 1, new byte[3]);
    private ImageProcessor processor = ImageProcessor.forResolution(224);

    /** Draws the picture. */
    @Setup
    public void draw() {
        int separator = picture.indexOf('x');
        int width = Integer.parseInt(picture.substring(0, separator));
        int height = Integer.parseInt(picture.substring(separator + 1));
        byte[] rgb = new byte[width * height * 3];
        random.nextBytes(rgb);
        image = RgbImage.of(width, height, rgb);
        processor = ImageProcessor.forResolution(resolution);
    }

    /** Resizes and normalises. */
    @Benchmark
    public PixelValues process() {
        return processor.process(image);
    }
}

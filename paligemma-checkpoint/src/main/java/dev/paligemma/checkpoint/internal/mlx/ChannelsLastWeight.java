package dev.paligemma.checkpoint.internal.mlx;

import dev.paligemma.checkpoint.internal.bigvision.RearrangedWeight;
import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.checkpoint.internal.safetensors.WantedWeights;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A convolution that MLX stores as {@code [out, height, width, channels]}, read as {@code [out, channels, height, width]}.
 * Thread-safe.
 */
public final class ChannelsLastWeight implements ComputedWeight {
    private static final String FORMAT = "format";
    private static final String MLX = "mlx";

    private final RearrangedWeight weight;

    private ChannelsLastWeight(RearrangedWeight weight) {
        this.weight = weight;
    }

    /**
     * Replaces such weights among the named ones, and tells how they are computed. The shape tells which they are; where
     * both orders have the same shape, what the header of the file says does.
     */
    public static Map<TensorInfo, ComputedWeight> replace(
            WantedWeights wanted, Map<String, TensorInfo> named, List<SafeTensorsFile> files) {
        Map<TensorInfo, ComputedWeight> found = new LinkedHashMap<>();
        wanted.byName().forEach((name, expected) -> {
            ChannelsLastWeight weight = find(WantedWeights.storedShape(expected), named.get(name), files);
            if (weight != null) {
                named.put(name, weight.info());
                found.put(weight.info(), weight);
            }
        });
        return found;
    }

    private static @Nullable ChannelsLastWeight find(
            long[] shape, @Nullable TensorInfo stored, List<SafeTensorsFile> files) {
        if (shape.length != 4
                || stored == null
                || !stored.dtype().isFloatWeight()
                || stored.dtype().isComputed()) {
            return null;
        }
        long[] last = {shape[0], shape[2], shape[3], shape[1]};
        boolean either = Arrays.equals(shape, last);
        if (!Arrays.equals(stored.shape(), last) || (either && !isOfMlx(stored, files))) {
            return null;
        }
        TensorInfo info = new TensorInfo(
                stored.name(),
                RearrangedWeight.rearranged(stored.dtype()),
                shape,
                stored.file(),
                stored.offset(),
                stored.byteLength());
        int channels = Math.toIntExact(shape[1]);
        int pixels = Math.toIntExact(Math.multiplyExact(shape[2], shape[3]));
        return new ChannelsLastWeight(
                new RearrangedWeight(info, stored, channels, pixels, null, RearrangedWeight.WINDOW_BYTES));
    }

    private static boolean isOfMlx(TensorInfo tensor, List<SafeTensorsFile> files) {
        return files.stream()
                .filter(file -> file.path().equals(tensor.file()))
                .anyMatch(file -> MLX.equals(file.metadata().get(FORMAT)));
    }

    @Override
    public TensorInfo info() {
        return weight.info();
    }

    @Override
    public List<TensorInfo> parts() {
        return weight.parts();
    }

    @Override
    public void read(TensorFiles files, long firstElement, FloatBuffer destination) {
        weight.read(files, firstElement, destination);
    }
}

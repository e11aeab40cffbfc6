package dev.paligemma.training.internal.network;

import dev.paligemma.base.internal.Sha256;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * What the parameters of a new adapter start with, as in PEFT: A of a linear map is uniform in {@code (-1 / sqrt(in), 1 /
 * sqrt(in))}, which {@code kaiming_uniform_(a=sqrt(5))} comes to, and B zero; A of the token embedding is zero and B normal;
 * magnitudes are the norms of the rows of weights. Each module has random numbers of its own, which depend on the seed and
 * its name alone.
 */
final class StartValues {
    private final long seed;

    StartValues(long seed) {
        this.seed = seed;
    }

    float[] down(BaseModule module, int rank) {
        if (module.kind() == ModuleKind.TOKEN_TABLE) {
            return new float[size(module.weight().size(0), rank)];
        }
        long in = module.weight().size(1);
        double bound = 1 / Math.sqrt((double) in);
        Random random = random(module);
        float[] values = new float[size(in, rank)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
        }
        return values;
    }

    float[] up(BaseModule module, int rank) {
        boolean table = module.kind() == ModuleKind.TOKEN_TABLE;
        float[] values = new float[size(module.weight().size(table ? 1 : 0), rank)];
        if (table) {
            Random random = random(module);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
        }
        return values;
    }

    /** The Euclidean norm of each row of the weight of a linear map. */
    static float[] rowNorms(BaseModule module, WeightSource base) {
        TensorInfo weight = base.tensor(module.weight().name());
        int rows = Math.toIntExact(module.weight().size(0));
        int columns = Math.toIntExact(module.weight().size(1));
        float[] norms = new float[rows];
        float[] row = new float[columns];
        for (int i = 0; i < rows; i++) {
            base.readFloats(weight, (long) i * columns, FloatBuffer.wrap(row));
            double sum = 0;
            for (float value : row) {
                sum += (double) value * value;
            }
            norms[i] = (float) Math.sqrt(sum);
        }
        return norms;
    }

    private Random random(BaseModule module) {
        String digest = Sha256.of((seed + " " + module.name()).getBytes(StandardCharsets.UTF_8));
        return new Random(Long.parseUnsignedLong(digest.substring(0, 16), 16));
    }

    private static int size(long width, int rank) {
        return Math.toIntExact(Math.multiplyExact(width, (long) rank));
    }
}

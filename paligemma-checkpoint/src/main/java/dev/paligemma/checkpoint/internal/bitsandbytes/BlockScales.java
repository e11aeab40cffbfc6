package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;

/** The scales of the blocks of a weight in 4 bits, which may be quantised themselves. Immutable and thread-safe. */
sealed interface BlockScales {
    /** The tensors in which they are stored. */
    List<TensorInfo> parts();

    /** Reads some of them in float32. */
    float[] read(TensorFiles files, long first, int count);

    /** Scales as they are: F32, one element a block. */
    record Plain(TensorInfo stored) implements BlockScales {
        @Override
        public List<TensorInfo> parts() {
            return List.of(stored);
        }

        @Override
        public float[] read(TensorFiles files, long first, int count) {
            float[] scales = new float[count];
            files.readFloats(stored, first, FloatBuffer.wrap(scales));
            return scales;
        }
    }

    /**
     * Scales that are entries of a table (codes U8, one a block), times a scale for each {@code blockSize} of them,
     * plus an offset.
     */
    record Nested(TensorInfo codes, CodeTable table, TensorInfo scales, int blockSize, float offset)
            implements BlockScales {
        @Override
        public List<TensorInfo> parts() {
            return List.of(codes, table.stored(), scales);
        }

        @Override
        public float[] read(TensorFiles files, long first, int count) {
            byte[] bytes = new byte[count];
            files.read(codes, first, ByteBuffer.wrap(bytes));
            long firstBlock = first / blockSize;
            float[] outer = new float[(int) ((first + count - 1) / blockSize - firstBlock + 1)];
            files.readFloats(scales, firstBlock, FloatBuffer.wrap(outer));
            float[] result = new float[count];
            for (int i = 0; i < count; i++) {
                int block = (int) ((first + i) / blockSize - firstBlock);
                result[i] = table.value(bytes[i] & 0xff) * outer[block] + offset;
            }
            return result;
        }
    }
}

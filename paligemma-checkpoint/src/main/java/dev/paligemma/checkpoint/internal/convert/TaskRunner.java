package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.internal.convert.ConversionTasks.Task;
import dev.paligemma.checkpoint.internal.quant.Int4Blocks;
import dev.paligemma.checkpoint.internal.quant.Int8Codes;
import dev.paligemma.engine.weights.MatrixFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;

/** Does one task after the other on one thread, with buffers that it keeps. */
final class TaskRunner {
    private final Checkpoint source;
    private final ConvertedLayout layout;
    private final OutputFile output;
    private final Int4Blocks int4 = new Int4Blocks();
    private float[] values = {};
    private byte[] codes = {};
    private float[] scales = {};

    TaskRunner(Checkpoint source, ConvertedLayout layout, FileChannel channel) {
        this.source = source;
        this.layout = layout;
        this.output = new OutputFile(channel);
    }

    void run(Task task) throws IOException {
        read(task);
        if (task.formats().isEmpty()) {
            requireFinite(task);
            output.write(values, task.numbers(), layout.offset(task.name()) + task.firstRow() * Float.BYTES);
            return;
        }
        codes = atLeast(codes, task.blocks() * MatrixFormat.BLOCK);
        scales = atLeast(scales, task.blocks());
        for (MatrixFormat format : task.formats()) {
            quantize(task, format);
            // A weight that is not finite makes its scale so, and there are far fewer scales to look at.
            if (nonFiniteIn(scales, task.blocks()) >= 0) {
                requireFinite(task);
            }
            write(task, format);
        }
    }

    private void read(Task task) {
        int count = task.numbers();
        long first = task.firstRow() * task.rowLength();
        values = atLeast(values, count);
        source.readFloats(task.tensor(), first, FloatBuffer.wrap(values, 0, count));
    }

    private void requireFinite(Task task) {
        int bad = nonFiniteIn(values, task.numbers());
        if (bad >= 0) {
            long element = task.firstRow() * task.rowLength() + bad;
            throw new ConversionException(source.folder() + ": element " + element + " of " + task.name() + " is "
                    + values[bad] + ", expected finite weights only");
        }
    }

    private void quantize(Task task, MatrixFormat format) {
        int in = task.rowLength();
        int blocks = (int) MatrixFormat.blocks(in);
        for (int row = 0; row < task.rows(); row++) {
            int from = row * in;
            int codesFrom = row * blocks * format.codeBytes();
            int scalesFrom = row * blocks;
            switch (format) {
                case INT8_CHANNELS ->
                    Int8Codes.quantizeChannels(values, from, in, codes, codesFrom, scales, scalesFrom);
                case INT8_BLOCKS -> Int8Codes.quantizeBlocks(values, from, in, codes, codesFrom, scales, scalesFrom);
                case INT4_BLOCKS -> int4.quantize(values, from, in, codes, codesFrom, scales, scalesFrom);
            }
        }
    }

    private void write(Task task, MatrixFormat format) throws IOException {
        long firstBlock = task.firstRow() * MatrixFormat.blocks(task.rowLength());
        long codesAt = layout.offset(format.codes(task.name())) + firstBlock * format.codeBytes();
        long scalesAt = layout.offset(format.scales(task.name())) + firstBlock * Float.BYTES;
        output.write(codes, task.blocks() * format.codeBytes(), codesAt);
        output.write(scales, task.blocks(), scalesAt);
    }

    /** The index of the first number that is not finite, or -1. */
    private static int nonFiniteIn(float[] values, int count) {
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[i])) {
                return i;
            }
        }
        return -1;
    }

    private static float[] atLeast(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }

    private static byte[] atLeast(byte[] array, int length) {
        return array.length >= length ? array : new byte[length];
    }

    /** Writes arrays to positions of a file through a small buffer, so that the JDK keeps no large one per thread. */
    private static final class OutputFile {
        private static final int BUFFER_BYTES = 1 << 20;

        private final FileChannel channel;
        private final ByteBuffer buffer =
                ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

        OutputFile(FileChannel channel) {
            this.channel = channel;
        }

        void write(byte[] bytes, int count, long position) throws IOException {
            for (int done = 0; done < count; done += BUFFER_BYTES) {
                int length = Math.min(BUFFER_BYTES, count - done);
                flush(buffer.clear().put(bytes, done, length), position + done);
            }
        }

        void write(float[] numbers, int count, long position) throws IOException {
            int most = BUFFER_BYTES / Float.BYTES;
            for (int done = 0; done < count; done += most) {
                int length = Math.min(most, count - done);
                buffer.clear().asFloatBuffer().put(numbers, done, length);
                flush(buffer.position(length * Float.BYTES), position + (long) done * Float.BYTES);
            }
        }

        private void flush(ByteBuffer filled, long position) throws IOException {
            filled.flip();
            long at = position;
            while (filled.hasRemaining()) {
                at += channel.write(filled, at);
            }
        }
    }
}

package dev.paligemma.training.internal.state;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsHeader;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The numbers of a training program as a safetensors file: {@code value.NAME}, and with AdamW {@code first.NAME} and {@code
 * second.NAME}, all in float32. Stateless.
 */
public final class ProgramState {
    private static final int ALIGNMENT = 64;
    private static final int PIECE_FLOATS = 1 << 18;
    private static final List<Numbers> WITH_MOMENTS =
            List.of(Numbers.VALUE, Numbers.FIRST_MOMENT, Numbers.SECOND_MOMENT);

    private ProgramState() {}

    private record Part(String parameter, Numbers numbers, long[] sizes) {
        String name() {
            return switch (numbers) {
                        case VALUE -> "value.";
                        case GRADIENT -> "gradient.";
                        case FIRST_MOMENT -> "first.";
                        case SECOND_MOMENT -> "second.";
                    }
                    + parameter;
        }

        int elements() {
            return Math.toIntExact(Arrays.stream(sizes).reduce(1, Math::multiplyExact));
        }
    }

    private static List<Part> parts(TrainingProgram program, boolean moments) {
        List<Part> parts = new ArrayList<>();
        program.parameters().forEach((name, sizes) -> {
            long[] shape = sizes.stream().mapToLong(Long::longValue).toArray();
            (moments ? WITH_MOMENTS : List.of(Numbers.VALUE))
                    .forEach(numbers -> parts.add(new Part(name, numbers, shape)));
        });
        return parts;
    }

    /** Writes a file that must not exist yet; it is on the disk afterwards. */
    static void write(TrainingProgram program, boolean moments, Path file) throws IOException {
        List<Part> parts = parts(program, moments);
        List<SafeTensorsHeader.Entry> entries = new ArrayList<>();
        long at = 0;
        for (Part part : parts) {
            long end = Math.addExact(at, (long) part.elements() * Float.BYTES);
            entries.add(new SafeTensorsHeader.Entry(part.name(), DType.F32, part.sizes(), at, end));
            at = end;
        }
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            drain(SafeTensorsHeader.bytes(Map.of(), entries, ALIGNMENT), channel);
            for (Part part : parts) {
                FloatBuffer numbers = FloatBuffer.allocate(part.elements());
                program.read(part.parameter(), part.numbers(), numbers);
                numbers.flip();
                while (numbers.hasRemaining()) {
                    int count = Math.min(numbers.remaining(), PIECE_FLOATS);
                    piece.clear().limit(count * Float.BYTES);
                    piece.asFloatBuffer().put(numbers.slice(numbers.position(), count));
                    numbers.position(numbers.position() + count);
                    drain(piece, channel);
                }
            }
            channel.force(true);
        }
    }

    private static void drain(ByteBuffer bytes, FileChannel channel) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * Reads what {@link #write} wrote into a program.
     *
     * @throws FineTuningException if the file is damaged, or holds other names or sizes than the program has
     */
    public static void read(Path file, boolean moments, TrainingProgram program) {
        SafeTensorsFile stored;
        try {
            stored = SafeTensorsFile.read(file);
        } catch (PaliGemmaException e) {
            throw new FineTuningException("a checkpoint cannot be read: " + e.getMessage(), e);
        }
        Map<String, Part> wanted = new LinkedHashMap<>();
        parts(program, moments).forEach(part -> wanted.put(part.name(), part));
        if (!wanted.keySet().equals(stored.tensors().keySet())) {
            throw new FineTuningException(file + " belongs to a run that trains something else: expected "
                    + wanted.size()
                    + " tensors such as "
                    + wanted.keySet().stream().findFirst().orElse("") + ", got "
                    + stored.tensors().size() + " such as "
                    + Quote.quote(stored.tensors().keySet().stream().findFirst().orElse("")));
        }
        wanted.forEach((name, part) -> {
            TensorInfo tensor = Objects.requireNonNull(stored.tensors().get(name));
            if (tensor.dtype() != DType.F32 || !Arrays.equals(tensor.shape(), part.sizes())) {
                throw new FineTuningException(file + ": " + name + " must be F32" + Arrays.toString(part.sizes())
                        + ", got " + tensor.dtype() + Arrays.toString(tensor.shape()));
            }
            FloatBuffer numbers = FloatBuffer.allocate(part.elements());
            stored.readFloats(tensor, 0, numbers);
            program.write(part.parameter(), part.numbers(), numbers.flip());
        });
    }
}

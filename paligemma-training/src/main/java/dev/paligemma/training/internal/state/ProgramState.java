package dev.paligemma.training.internal.state;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.TrainingProgram.Numbers;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.training.internal.output.TensorFile;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
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
    private static final List<Numbers> WITH_MOMENTS =
            List.of(Numbers.VALUE, Numbers.FIRST_MOMENT, Numbers.SECOND_MOMENT);

    private ProgramState() {}

    private record Part(String parameter, Numbers numbers, List<Long> sizes) {
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
            return Math.toIntExact(sizes.stream().reduce(1L, Math::multiplyExact));
        }
    }

    private static List<Part> parts(TrainingProgram program, boolean moments) {
        List<Part> parts = new ArrayList<>();
        program.parameters()
                .forEach((name, sizes) -> (moments ? WITH_MOMENTS : List.of(Numbers.VALUE))
                        .forEach(numbers -> parts.add(new Part(name, numbers, sizes))));
        return parts;
    }

    /** Writes a file that must not exist yet; it is on the disk afterwards. */
    static void write(TrainingProgram program, boolean moments, Path file) throws IOException {
        TensorFile tensors = new TensorFile();
        for (Part part : parts(program, moments)) {
            tensors.add(part.name(), part.sizes(), () -> {
                FloatBuffer numbers = FloatBuffer.allocate(part.elements());
                program.read(part.parameter(), part.numbers(), numbers);
                return numbers.array();
            });
        }
        tensors.write(file);
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
            if (tensor.dtype() != DType.F32
                    || !Arrays.stream(tensor.shape()).boxed().toList().equals(part.sizes())) {
                throw new FineTuningException(file + ": " + name + " must be F32" + part.sizes() + ", got "
                        + tensor.dtype() + Arrays.toString(tensor.shape()));
            }
            FloatBuffer numbers = FloatBuffer.allocate(part.elements());
            stored.readFloats(tensor, 0, numbers);
            program.write(part.parameter(), part.numbers(), numbers.flip());
        });
    }
}

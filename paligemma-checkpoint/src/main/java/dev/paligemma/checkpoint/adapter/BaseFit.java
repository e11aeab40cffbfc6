package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Compares the shapes of an adapter's tensors with those of a base model, whose embedding may have been resized like that of
 * the adapter.
 */
record BaseFit(ModuleTensors module, List<Long> weight) {
    /** Compares all tensors of a module, with one line for each problem. */
    static void check(ModuleTensors module, long vocabularyRows, List<String> problems) {
        List<Long> shape = new ArrayList<>(module.weight().storedShape());
        if (VocabularyRows.concern(module.base())) {
            shape.set(0, vocabularyRows);
        }
        BaseFit fit = new BaseFit(module, shape);
        module.tensors().forEach((role, tensor) -> fit.check(role, tensor, problems));
    }

    private void check(Role role, TensorInfo tensor, List<String> problems) {
        List<Long> expected = expected(role, tensor);
        List<Long> got = Arrays.stream(tensor.shape()).boxed().toList();
        if (expected == null) {
            problems.add(module.name() + ": the adapter has a bias for it, the base model does not");
        } else if (role == Role.MAGNITUDE ? tensor.elementCount() != expected.get(0) : !expected.equals(got)) {
            problems.add(tensor.name() + ": expected " + expected + ", got " + got);
        } else if (role == Role.TOKENS) {
            checkTokens(problems);
        }
    }

    private void checkTokens(List<String> problems) {
        for (int id : Objects.requireNonNull(module.tokens())) {
            if (id >= weight.get(0)) {
                problems.add(
                        module.name() + ": token " + id + " is trained, but there are only " + weight.get(0) + " rows");
                return;
            }
        }
    }

    /** The shape that a tensor should have; the rank is its own, which has been checked. Null if there is no place for it. */
    private @Nullable List<Long> expected(Role role, TensorInfo tensor) {
        long outputs = module.kind().isTable() ? weight.get(1) : weight.get(0);
        long first = tensor.shape().length == 0 ? 0 : tensor.shape()[0];
        long second = tensor.shape().length < 2 ? 0 : tensor.shape()[1];
        return switch (role) {
            case DOWN -> withFirst(first);
            case UP ->
                module.kind() == ModuleKind.CONVOLUTION ? List.of(outputs, second, 1L, 1L) : List.of(outputs, second);
            case TABLE_DOWN -> List.of(first, weight.get(0));
            case TABLE_UP -> List.of(weight.get(1), second);
            case UP_BIAS, MAGNITUDE -> List.of(outputs);
            case WEIGHT, BASE_COPY -> weight;
            case BIAS -> module.base().bias() == null ? null : module.bias().shape();
            case TOKENS ->
                List.of((long) Objects.requireNonNull(module.tokens()).size(), weight.get(1));
        };
    }

    private List<Long> withFirst(long first) {
        List<Long> shape = new ArrayList<>(weight);
        shape.set(0, first);
        return shape;
    }
}

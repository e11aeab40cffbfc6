package dev.paligemma.training.internal.setup;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.internal.batch.TokenisedExample;
import dev.paligemma.training.internal.batch.TrainingTokens;
import dev.paligemma.training.run.ShownExample;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Examples as the model sees them. */
public record ExampleView(PaliGemmaTokenizer tokenizer, TrainingTokens tokens, Examples examples) {
    /** The first examples, at most so many. */
    public List<ShownExample> first(int count) {
        return IntStream.range(0, Math.min(count, examples.size()))
                .mapToObj(index -> shown(tokens.encode(examples.get(index))))
                .toList();
    }

    private ShownExample shown(TokenisedExample example) {
        int[] prompt = example.prompt().tokenIds();
        int images = example.prompt().imageTokens();
        List<String> prefix = Arrays.stream(prompt)
                .filter(id -> id != tokenizer.imageId())
                .mapToObj(this::text)
                .toList();
        return new ShownExample(
                example.example().origin(),
                example.example().pictures().stream().map(Object::toString).toList(),
                example.example().prefix(),
                example.example().suffix(),
                images,
                prefix,
                Arrays.stream(example.suffix()).mapToObj(this::text).toList());
    }

    private String text(int id) {
        return tokenizer.tokenOf(id).orElse("?").replace("\n", "\\n");
    }
}

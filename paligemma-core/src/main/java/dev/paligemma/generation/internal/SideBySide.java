package dev.paligemma.generation.internal;

import dev.paligemma.network.internal.NextTokens;
import java.util.ArrayList;
import java.util.List;

/** Several answers to one prompt, written side by side. Confined to one thread. */
final class SideBySide implements Decoding.Strategy {
    private List<? extends Decoding.Answer> open;

    /** All answers at their beginning. */
    SideBySide(List<? extends Decoding.Answer> answers) {
        this.open = answers;
    }

    @Override
    public List<Decoding.Continuation> choose(List<NextTokens> said) {
        List<Decoding.Answer> going = new ArrayList<>();
        List<Decoding.Continuation> chosen = new ArrayList<>();
        for (int i = 0; i < open.size(); i++) {
            // At first all of them follow the one sequence of the prompt.
            int sequence = said.size() == 1 ? 0 : i;
            if (open.get(i).accept(said.get(sequence))) {
                going.add(open.get(i));
                chosen.add(new Decoding.Continuation(sequence, open.get(i).lastToken()));
            }
        }
        open = going;
        return chosen;
    }

    @Override
    public String unit() {
        return "tokens of every answer";
    }
}

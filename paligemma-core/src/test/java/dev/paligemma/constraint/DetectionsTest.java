package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DetectionsTest {
    private static final String BOX = "<loc(\\d{4})><loc(\\d{4})><loc(\\d{4})><loc(\\d{4})>";
    private static final Pattern BOX_ENTRY = Pattern.compile(BOX + "(| [^;<>]*[^;<> ])");
    private static final Pattern MASK_ENTRY = Pattern.compile(BOX + "(?:<seg\\d{3}>){16}(| [^;<>]*[^;<> ])");

    /** Labels of which one begins like another. */
    private static final List<String> LABELS = List.of("cat", "cat dog", "dog", "do");

    private record Entry(int top, int left, int bottom, int right, String label) {}

    /** Reads an answer strictly; fails on anything that is not an entry. */
    private static List<Entry> parse(String answer, Pattern pattern) {
        List<Entry> entries = new ArrayList<>();
        if (answer.isEmpty()) {
            return entries;
        }
        for (String part : answer.split(" ; ", -1)) {
            Matcher entry = pattern.matcher(part);
            assertThat(entry.matches()).as("'%s' in '%s'", part, answer).isTrue();
            entries.add(new Entry(
                    Integer.parseInt(entry.group(1)),
                    Integer.parseInt(entry.group(2)),
                    Integer.parseInt(entry.group(3)),
                    Integer.parseInt(entry.group(4)),
                    entry.group(5).strip()));
        }
        return entries;
    }

    private static List<List<Entry>> walks(
            PaliGemmaTokenizer tokenizer, DetectionGrammar grammar, double endProbability, int count) {
        TokenConstraint constraint = new TokenConstraints(tokenizer).detections(grammar);
        Random random = new Random(5);
        List<List<Entry>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = Walk.randomAnswer(tokenizer, constraint, random, endProbability);
            String answer = tokenizer.decode(ids, true);
            assertThat(tokenizer.encode(answer)).as(answer).isEqualTo(ids);
            answers.add(parse(answer, grammar.masked() ? MASK_ENTRY : BOX_ENTRY));
        }
        return answers;
    }

    @Test
    void writesBoxesThatAlwaysParse() {
        for (PaliGemmaTokenizer tokenizer : Walk.TOKENIZERS) {
            Set<String> seen = new HashSet<>();
            Set<Integer> sizes = new HashSet<>();
            for (List<Entry> answer : walks(tokenizer, DetectionGrammar.boxes(LABELS), 0.5, 1000)) {
                sizes.add(answer.size());
                for (Entry entry : answer) {
                    assertThat(entry.bottom).isGreaterThanOrEqualTo(entry.top);
                    assertThat(entry.right).isGreaterThanOrEqualTo(entry.left);
                    seen.add(entry.label);
                }
            }
            assertThat(seen).containsExactlyInAnyOrderElementsOf(LABELS);
            assertThat(sizes).contains(0, 1, 2, 3);
        }
    }

    @Test
    void writesMasksThatAlwaysParse() {
        for (PaliGemmaTokenizer tokenizer : Walk.TOKENIZERS) {
            Set<Integer> sizes = new HashSet<>();
            for (List<Entry> answer : walks(tokenizer, DetectionGrammar.masks(LABELS), 0.5, 1000)) {
                sizes.add(answer.size());
                answer.forEach(entry -> assertThat(LABELS).contains(entry.label));
            }
            assertThat(sizes).contains(0, 1, 2, 3);
        }
    }

    @Test
    void writesCodesAloneWithoutLabels() {
        for (boolean masked : new boolean[] {false, true}) {
            DetectionGrammar grammar = new DetectionGrammar(masked, List.of(), 1, 3, true);
            Set<Integer> sizes = new HashSet<>();
            for (List<Entry> answer : walks(Walk.FULL, grammar, 0.5, 1000)) {
                sizes.add(answer.size());
                answer.forEach(entry -> assertThat(entry.label).isEmpty());
            }
            assertThat(sizes).containsExactly(1, 2, 3);
        }
    }

    @Test
    void keepsTheLimitsOfTheCount() {
        for (PaliGemmaTokenizer tokenizer : Walk.TOKENIZERS) {
            Set<Integer> sizes = new HashSet<>();
            DetectionGrammar grammar = DetectionGrammar.boxes(LABELS).withCount(2, 4);
            walks(tokenizer, grammar, 0.5, 1000).forEach(answer -> sizes.add(answer.size()));
            assertThat(sizes).containsExactly(2, 3, 4);
        }
    }

    @Test
    void writesBoxesInsideOutOnlyIfAsked() {
        List<List<Entry>> answers =
                walks(Walk.FULL, DetectionGrammar.boxes(LABELS).withAnyCorners(), 0.5, 1000);

        assertThat(answers).anyMatch(answer -> answer.stream().anyMatch(entry -> entry.bottom < entry.top));
        assertThat(answers).anyMatch(answer -> answer.stream().anyMatch(entry -> entry.right < entry.left));
    }

    @Test
    void acceptsAnswersAsModelsWriteThem() {
        String box = "<loc0051><loc0309><loc0708><loc0646>";
        String point = "<loc1023><loc0000><loc1023><loc0000>";
        for (PaliGemmaTokenizer tokenizer : Walk.TOKENIZERS) {
            TokenConstraint boxes = new TokenConstraints(tokenizer).detections(LABELS);
            for (String a : LABELS) {
                assertAccepted(tokenizer, boxes, box + " " + a);
                for (String b : LABELS) {
                    assertAccepted(tokenizer, boxes, box + " " + a + " ; " + point + " " + b);
                    String mask = "<seg000>".repeat(8) + "<seg127>".repeat(8);
                    assertAccepted(
                            tokenizer,
                            new TokenConstraints(tokenizer).segments(LABELS),
                            box + mask + " " + a + " ; " + point + mask + " " + b);
                }
            }
            assertAccepted(tokenizer, boxes, "");
        }
    }

    private static void assertAccepted(PaliGemmaTokenizer tokenizer, TokenConstraint constraint, String answer) {
        assertThat(Walk.acceptsText(tokenizer, constraint, answer)).as(answer).isTrue();
    }

    @Test
    void acceptsNothingElse() {
        String box = "<loc0051><loc0309><loc0708><loc0646>";
        TokenConstraint boxes = new TokenConstraints(Walk.FULL).detections(LABELS);

        for (String answer : List.of(
                "cat",
                box,
                box + " fish",
                box + "cat",
                box + " cat ;",
                box + " cat ; ",
                box + " cat ; " + box,
                box + " cat ; dog",
                "<loc0051> cat",
                "<loc0708><loc0309><loc0051><loc0646> cat",
                "<loc0051><loc0646><loc0708><loc0309> cat",
                box + "<seg000>".repeat(16) + " cat")) {
            assertThat(Walk.acceptsText(Walk.FULL, boxes, answer)).as(answer).isFalse();
        }
    }

    /** The case the trees exist for: the label alone and the label before a separator have no token in common. */
    @Test
    void knowsThatALabelMergesWithTheSeparator() {
        int[] alone = Walk.SPARSE.encode(" cat");
        int[] before = Walk.SPARSE.encode(" cat ; ");

        assertThat(Walk.SPARSE.tokenOf(alone[0])).contains("\u2581cat");
        assertThat(Walk.SPARSE.tokenOf(before[0])).contains("\u2581ca");
    }

    @Test
    void refusesLabelsThatCannotBeReadBack() {
        for (String label : List.of("", " ", " cat", "cat ", "a;b", "a<b", "a>b", "a\nb", "a\u2028b")) {
            assertThatThrownBy(() -> DetectionGrammar.boxes(List.of(label)))
                    .as("'%s'", label)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("label");
        }
        assertThatThrownBy(() -> new TokenConstraints(Walk.SPARSE).detections(List.of("fish")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fish");
    }

    @Test
    void refusesImpossibleCounts() {
        DetectionGrammar grammar = DetectionGrammar.boxes(LABELS);

        assertThatThrownBy(() -> grammar.withCount(-1, 2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> grammar.withCount(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> grammar.withCount(3, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 and 2");
    }
}

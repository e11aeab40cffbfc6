package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The questions of a data set: JSON lines, or the published files of VQAv2, TextVQA, DocVQA, ChartQA, POPE, COCO's captions
 * and objects, and RefCOCO, told apart by what they hold. Immutable.
 */
public final class EvaluationData {
    private static final int DIGITS = 16;

    private final List<Question> questions;
    private final String digest;

    private EvaluationData(List<Question> questions, String digest) {
        this.questions = List.copyOf(questions);
        this.digest = digest;
    }

    /** Begins with a file of questions. */
    public static Builder file(Path file) {
        return new Builder(file);
    }

    /**
     * Questions from elsewhere.
     *
     * @param digest what tells them from others, so that a run is not gone on with other questions
     * @throws EvaluationException if there are none, or an id comes twice
     */
    public static EvaluationData of(List<Question> questions, String digest) {
        QuestionList list = new QuestionList("the questions");
        questions.forEach(list::add);
        return new EvaluationData(list.all(), digest);
    }

    /** All questions, in the order of the file. */
    public List<Question> questions() {
        return questions;
    }

    /** What tells this data set from others: a digest of its files and of how they were read. */
    public String digest() {
        return digest;
    }

    /** How files are read. Confined to one thread. */
    public static final class Builder {
        final Path file;
        private @Nullable Path pictures;
        private @Nullable Path annotations;
        private @Nullable String prompt;
        private @Nullable String split;

        private Builder(Path file) {
            this.file = file;
        }

        /** The folder in which names of pictures are looked up; without it, the folder of the file. */
        public Builder pictures(Path folder) {
            pictures = folder;
            return this;
        }

        /** A second file: the annotations of VQAv2, or the objects that the expressions of RefCOCO are about. */
        public Builder annotations(Path second) {
            annotations = second;
            return this;
        }

        /**
         * The prompt of questions that have none, with {@code {question}}, {@code {expression}} or {@code {labels}} where the
         * data set has its own text.
         */
        public Builder prompt(String template) {
            prompt = template;
            return this;
        }

        /** The part of RefCOCO that is asked about, for example {@code testA}. */
        public Builder split(String name) {
            split = name;
            return this;
        }

        /**
         * Reads the files.
         *
         * @throws EvaluationException if one cannot be read or lacks what is needed, with file, line and field
         */
        public EvaluationData read() {
            List<Question> questions = new QuestionReader(this).read();
            return new EvaluationData(questions, digest());
        }

        Path folder() {
            return pictures == null ? file.resolveSibling("") : pictures;
        }

        Optional<Path> annotations() {
            return Optional.ofNullable(annotations);
        }

        Optional<String> prompt() {
            return Optional.ofNullable(prompt);
        }

        Optional<String> split() {
            return Optional.ofNullable(split);
        }

        private String digest() {
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                add(digest, file);
                if (annotations != null) {
                    add(digest, annotations);
                }
                digest.update((prompt + "\n" + split).getBytes(StandardCharsets.UTF_8));
                return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java has SHA-256", e);
            }
        }

        private static void add(MessageDigest digest, Path file) {
            Path real = InputFiles.regular(file, EvaluationException::new);
            try (InputStream in = Files.newInputStream(real)) {
                byte[] piece = new byte[1 << 16];
                for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
                    digest.update(piece, 0, length);
                }
            } catch (IOException e) {
                throw new EvaluationException("cannot read " + file + ": " + FailureReason.of(e, file), e);
            }
        }
    }
}

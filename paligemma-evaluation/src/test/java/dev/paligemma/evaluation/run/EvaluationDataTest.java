package dev.paligemma.evaluation.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files in the shapes in which data sets were published. */
class EvaluationDataTest {
    private static final String VQA_QUESTIONS = """
            {"info": {}, "task_type": "Open-Ended", "data_type": "mscoco", "data_subtype": "val2014", "questions": [
              {"image_id": 262148, "question": "Where is he looking?", "question_id": 262148000}]}
            """;

    private static final String VQA_ANSWERS = """
            {"data_subtype": "val2014", "annotations": [{"question_type": "none of the above", "multiple_choice_answer": "down",
              "answers": [{"answer": "down", "answer_confidence": "yes", "answer_id": 1},
                          {"answer": "at table", "answer_confidence": "yes", "answer_id": 2}],
              "image_id": 262148, "answer_type": "other", "question_id": 262148000}]}
            """;

    private static final String INSTANCES = """
            {"images": [{"id": 5, "file_name": "5.jpg", "width": 10, "height": 8}, {"id": 3, "file_name": "3.jpg", "width": 4,
              "height": 4}],
             "annotations": [{"id": 9, "image_id": 5, "category_id": 2, "bbox": [1, 1, 4, 4], "area": 16, "iscrowd": 0,
              "segmentation": [[1, 1, 5, 1, 5, 5, 1, 5]]}],
             "categories": [{"id": 2, "name": "cat"}, {"id": 7, "name": "food bowl"}]}
            """;

    @TempDir
    Path folder;

    private EvaluationData.Builder file(String text) throws IOException {
        return EvaluationData.file(Files.writeString(folder.resolve("data.json"), text))
                .prompt("answer en {question}");
    }

    private static List<String> texts(Question question) {
        return ((Truth.Texts) question.truth()).references();
    }

    @Test
    void readsVqaV2() throws IOException {
        Path second = Files.writeString(folder.resolve("annotations.json"), VQA_ANSWERS);
        Question question =
                file(VQA_QUESTIONS).annotations(second).read().questions().get(0);
        assertThat(question.id()).isEqualTo("262148000");
        assertThat(question.name()).isEqualTo("COCO_val2014_000000262148.jpg");
        assertThat(question.picture()).isEqualTo(folder.resolve("COCO_val2014_000000262148.jpg"));
        assertThat(question.prompt()).isEqualTo("answer en Where is he looking?");
        assertThat(texts(question)).containsExactly("down", "at table");
        assertThatThrownBy(() -> file(VQA_QUESTIONS).read())
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("annotations(...)");
    }

    @Test
    void readsTextVqa() throws IOException {
        Question question =
                file("""
                                {"dataset_type": "val", "dataset_name": "textvqa", "data": [{"question": "what is the brand?",
                                 "image_id": "003a8ae2ef43b901", "image_classes": ["Camera"], "question_id": 34602,
                                 "answers": ["nous les gosses", "dakota"], "set_name": "val"}]}
                                """).pictures(Path.of("train_images")).read().questions().get(0);
        assertThat(question.picture()).isEqualTo(Path.of("train_images/003a8ae2ef43b901.jpg"));
        assertThat(question.id()).isEqualTo("34602");
        assertThat(texts(question)).containsExactly("nous les gosses", "dakota");
    }

    @Test
    void readsDocVqa() throws IOException {
        String text = """
                {"dataset_name": "SP-DocVQA", "data": [{"questionId": 49153, "question": "What is the ‘actual’ value?",
                 "image": "documents/pybv0228_81.png", "docId": 14465, "answers": ["0.28"]}]}
                """;
        assertThat(file(text).read().questions().get(0).name()).isEqualTo("documents/pybv0228_81.png");
        Files.writeString(folder.resolve("pybv0228_81.png"), "");
        assertThat(file(text).read().questions().get(0).name()).isEqualTo("pybv0228_81.png");
    }

    @Test
    void readsChartQa() throws IOException {
        Question question =
                file("[{\"imgname\": \"41699051005347.png\", \"query\": \"How many {food} item?\", \"label\": \"14\"}]")
                        .read()
                        .questions()
                        .get(0);
        assertThat(question.id()).isEqualTo("1");
        assertThat(question.prompt()).isEqualTo("answer en How many {food} item?");
        assertThat(texts(question)).containsExactly("14");
    }

    @Test
    void readsPope() throws IOException {
        Question question = file("""
                                {"question_id": 1, "image": "COCO_val2014_1.jpg", "text": "Is there a bowl?", "label": "yes"}
                                {"question_id": 2, "image": "COCO_val2014_1.jpg", "text": "Is there a car?", "label": "no"}
                                """).read().questions().get(1);
        assertThat(question.id()).isEqualTo("2");
        assertThat(question.prompt()).isEqualTo("answer en Is there a car?");
        assertThat(texts(question)).containsExactly("no");
    }

    @Test
    void fillsAnyFieldOfARowIntoThePrompt() throws IOException {
        String row = """
                {"image": "a.png", "question": "which {choices}?", "choices": ["red", "blue"], "language": "es", "answer": "red"}
                """;
        assertThat(file(row)
                        .prompt("answer {language} {question} of {choices}")
                        .read()
                        .questions()
                        .get(0)
                        .prompt())
                .isEqualTo("answer es which {choices}? of red, blue");
        assertThatThrownBy(() -> file(row).prompt("{hint}").read()).hasMessageContaining("has no hint for the prompt");
    }

    @Test
    void readsCaptions() throws IOException {
        List<Question> questions = file("""
                                {"info": {}, "images": [{"id": 9, "file_name": "9.jpg"}, {"id": 4, "file_name": "4.jpg"}],
                                 "annotations": [{"image_id": 4, "id": 1, "caption": "A cat."}, {"image_id": 9, "id": 2,
                                 "caption": "A dog."}, {"image_id": 4, "id": 3, "caption": "Cat"}]}
                                """).prompt("caption en").read().questions();
        assertThat(questions).extracting(Question::id).containsExactly("9", "4");
        assertThat(texts(questions.get(1))).containsExactly("A cat.", "Cat");
    }

    @Test
    void readsObjects() throws IOException {
        List<Question> questions =
                file(INSTANCES).prompt("detect {labels}").read().questions();
        assertThat(questions).extracting(Question::name).containsExactly("5.jpg", "3.jpg");
        assertThat(questions.get(0).prompt()).isEqualTo("detect cat ; food bowl");
        Truth.Things things = (Truth.Things) questions.get(0).truth();
        assertThat(things.things().get(0).label()).isEqualTo("cat");
        assertThat(things.things().get(0).mask()).isPresent();
        assertThat(((Truth.Things) questions.get(1).truth()).things()).isEmpty();
    }

    @Test
    void readsExpressionsOfOneSplit() throws IOException {
        Path second = Files.writeString(folder.resolve("instances.json"), INSTANCES);
        String expressions = """
                [{"ref_id": 1, "ann_id": 9, "image_id": 5, "split": "val", "file_name": "COCO_train2014_5_9.jpg",
                  "sentences": [{"sent_id": 11, "sent": "left cat", "raw": "Left cat"}, {"sent_id": 12, "sent": "the cat"}]},
                 {"ref_id": 2, "ann_id": 9, "image_id": 5, "split": "testA", "sentences": [{"sent_id": 13, "sent": "it"}]}]
                """;
        EvaluationData.Builder both = file(expressions).annotations(second).prompt("segment {expression}");
        List<Question> questions = both.split("val").read().questions();
        assertThat(questions).extracting(Question::id).containsExactly("1-11", "1-12");
        assertThat(questions.get(0).prompt()).isEqualTo("segment left cat");
        assertThat(questions.get(0).name()).isEqualTo("5.jpg");
        assertThat(((Truth.Referred) questions.get(0).truth()).mask().area()).isEqualTo(16);
        assertThatThrownBy(() -> file(expressions).annotations(second).read())
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("val, testA")
                .hasMessageContaining("split(...)");
    }

    @Test
    void saysHowAPickleIsRead() throws IOException {
        Path pickle = Files.write(folder.resolve("refs(unc).p"), new byte[] {(byte) 0x80, 2, ']'});
        assertThatThrownBy(() -> EvaluationData.file(pickle).read())
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("json.dump");
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', textBlock = """
                    {"image": "a.png", "prompt": "ocr"}                                    | line 1 has no right answer
                    {"prompt": "ocr", "answer": "x"}                                       | image must be a text
                    {"image": "a.png", "answer": "x"}                                      | has no question for the prompt
                    {"image": "a.png", "prompt": "ocr", "answers": []}                     | must have at least one text
                    {"image": "a.png", "prompt": "ocr", "answers": [1]}                    | answers must be a list of texts
                    {"image": "a.png", "prompt": "ocr", "boxes": [{"label": "x"}]}         | bbox must be x, y, width and height
                    {"image": "a.png", "prompt": "ocr", "boxes": [{"label": "x", "bbox": [NaN, 1, 2, 3]}]} | NaN
                    {"data": [{"question": "q", "question_id": 1, "image_id": "a"}]}       | without answers
                    {"questions": {}}                                                      | image must be a text
                    [{"a": 1}]                                                             | neither of ChartQA
                    []                                                                     | there is no question
                    `hello`                                                                | not valid JSON
                    """)
    void saysWhatIsWrong(String text, String expected) throws IOException {
        EvaluationData.Builder data = file(text);
        assertThatThrownBy(data::read)
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("data.json")
                .hasMessageContaining(expected);
    }

    @Test
    void refusesAnIdThatComesTwice() throws IOException {
        EvaluationData.Builder data =
                file("{\"id\": \"x\", \"image\": \"a\", \"prompt\": \"ocr\", \"answer\": \"b\"}\n".repeat(2));
        assertThatThrownBy(data::read).hasMessageContaining("\"x\" comes twice");
    }
}

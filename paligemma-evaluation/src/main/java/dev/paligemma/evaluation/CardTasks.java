package dev.paligemma.evaluation;

import dev.paligemma.evaluation.answer.Anls;
import dev.paligemma.evaluation.answer.CountAccuracy;
import dev.paligemma.evaluation.answer.ExactMatch;
import dev.paligemma.evaluation.answer.LetterAccuracy;
import dev.paligemma.evaluation.answer.PlainVqaAccuracy;
import dev.paligemma.evaluation.answer.Pope;
import dev.paligemma.evaluation.answer.RelaxedAccuracy;
import dev.paligemma.evaluation.answer.VqaAccuracy;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.text.Cider;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The tasks of the model cards whose answers are texts, as the configurations and evaluators of big_vision have them in its
 * version of 2025-05-19. Stateless.
 */
final class CardTasks {
    private static final String CAPTION = "caption en";
    private static final String ANSWER = "answer en {question}";
    private static final String CHOICE = "answer en  {question} choose from: {choices}";
    private static final String AS_THEY_ARE = "none";
    private static final String BY_TOKENIZER = "tokens in lower case, without punctuation";
    private static final String LOWER_CASE = "lower case";
    private static final String BY_RULE =
            "spaces at the ends go; VQA's own punctuation, articles, contractions and numbers,"
                    + " unless all people agree";
    private static final String LOW = "224";
    private static final String MIDDLE = "224 or 448";
    private static final String HIGH = "224, 448 or 896; small print needs 448 at least";

    static final Map<String, TaskMetric> ALL = all();

    private CardTasks() {}

    private static Map<String, TaskMetric> all() {
        Table table = new Table();
        Metric cider = new Cider();
        Metric exact = new ExactMatch();
        Metric anls = new LowerCaseMetric(Anls.plain());
        Metric plain = new PlainVqaAccuracy();

        table.add("cococap", cider, CAPTION, BY_TOKENIZER, MIDDLE, "cococap", "coco_caption");
        table.add("nocaps", cider, CAPTION, BY_TOKENIZER, MIDDLE, "cococap", "coco_caption");
        table.add("coco35l", cider, "caption {language}", BY_TOKENIZER, MIDDLE, "coco35l", "coco_caption");
        table.add("xm3600", cider, "caption {language}", BY_TOKENIZER, MIDDLE, "coco35l", "coco_caption");
        table.add("textcaps", cider, CAPTION, BY_TOKENIZER, MIDDLE, "textcaps", "coco_caption");
        table.add("scicap", cider, CAPTION, BY_TOKENIZER, MIDDLE, "scicap", "coco_caption");
        table.add("screen2words", cider, CAPTION, BY_TOKENIZER, MIDDLE, "screen2words", "coco_caption");
        table.add("widgetcap", cider, CAPTION, BY_TOKENIZER, MIDDLE, "widgetcap", "coco_caption");
        table.add("activitynet-cap", cider, CAPTION, BY_TOKENIZER, LOW, "activitynet_cap", "coco_caption");
        table.add("msrvtt-cap", cider, CAPTION, BY_TOKENIZER, LOW, "msrvtt_cap", "coco_caption");
        table.add("vatex", cider, CAPTION, BY_TOKENIZER, LOW, "vatex_cap", "coco_caption");

        table.add("vqav2", new VqaAccuracy(), ANSWER, BY_RULE, MIDDLE, "vqav2", "vqav2");
        table.add("textvqa", new VqaAccuracy(), ANSWER, BY_RULE, HIGH, "textvqa", "vqav2");
        table.add("okvqa", plain, ANSWER, AS_THEY_ARE, MIDDLE, "okvqa", "vqa");
        table.add("aokvqa-da", plain, ANSWER, AS_THEY_ARE, MIDDLE, "aokvqa_da", "vqa");
        table.add("vizwizvqa", plain, ANSWER, AS_THEY_ARE, MIDDLE, "vizwizvqa", "vqa");

        table.add("gqa", exact, ANSWER, AS_THEY_ARE, MIDDLE, "gqa", "vqa");
        table.add("nlvr2", exact, "answer en {sentence}", AS_THEY_ARE, MIDDLE, "nlvr2", "vqa");
        table.add("ai2d", exact, CHOICE, AS_THEY_ARE, MIDDLE, "ai2d", "vqa");
        table.add("aokvqa-mc", exact, CHOICE, AS_THEY_ARE, MIDDLE, "aokvqa_mc", "vqa");
        table.add("msvd-qa", exact, ANSWER, AS_THEY_ARE, LOW, "msvd_qa", "vqa");
        table.add("msrvtt-qa", exact, ANSWER, AS_THEY_ARE, LOW, "msrvtt_qa", "vqa");
        table.add("activitynet-qa", exact, ANSWER, AS_THEY_ARE, LOW, "activitynet_qa", "vqa");
        table.add("ocrvqa", new LowerCaseMetric(exact), ANSWER, LOWER_CASE, HIGH, "ocrvqa", "vqa");
        table.add("rsvqa-lr", new LowerCaseMetric(exact), ANSWER, LOWER_CASE, MIDDLE, "rsvqa_lr", "rsvqa");
        table.add("rsvqa-hr", new LowerCaseMetric(exact), ANSWER, LOWER_CASE, MIDDLE, "rsvqa_hr", "rsvqa");

        table.add("docvqa", anls, "{question}", LOWER_CASE, HIGH, "docvqa", "vqa");
        table.add("infovqa", anls, ANSWER, LOWER_CASE, HIGH, "infovqa", "vqa");
        table.add("stvqa", anls, ANSWER, LOWER_CASE, HIGH, "stvqa", "vqa");

        Metric relaxed = new LowerCaseMetric(new RelaxedAccuracy());
        table.add("chartqa", relaxed, "{question}", LOWER_CASE, HIGH, "chartqa", "chartqa");
        String numbers = "number words up to twenty are digits";
        table.add("tallyqa", new CountAccuracy(), ANSWER, numbers, HIGH, "tallyqa", "tallyqa");
        table.add("countbenchqa", new CountAccuracy(), ANSWER, numbers, HIGH, "tallyqa", "tallyqa");
        String choices = "Question: {question}\nContext: {hint}\nOptions: {choices}\nAnswer:";
        table.add(
                "scienceqa",
                new LetterAccuracy(),
                choices,
                "the letter of the sentence",
                MIDDLE,
                "science_qa",
                "science_qa");
        table.add("pope", new Pope(), "{question}", "answers in lower case", MIDDLE, "pope", "pope");
        return Collections.unmodifiableMap(table.tasks);
    }

    /** Keeps the order in which tasks are added. */
    private static final class Table {
        private final Map<String, TaskMetric> tasks = new LinkedHashMap<>();

        void add(
                String task,
                Metric metric,
                String prompt,
                String treatment,
                String resolutions,
                String configuration,
                String evaluator) {
            String source = "configs/proj/paligemma/transfers/" + configuration + ".py, "
                    + "evaluators/proj/paligemma/transfers/" + evaluator + ".py of big_vision";
            tasks.put(task, new TaskMetric(task, metric, prompt, treatment, resolutions, source));
        }
    }
}

package dev.paligemma.examples;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.evaluation.Metrics;
import dev.paligemma.evaluation.run.Evaluation;
import dev.paligemma.evaluation.run.EvaluationData;
import dev.paligemma.evaluation.run.EvaluationRun;
import dev.paligemma.evaluation.run.HtmlReport;
import dev.paligemma.evaluation.run.Measure;
import dev.paligemma.tiny.TinyModel;
import java.nio.file.Path;

/** Examples of the documentation: a model on a whole data set. */
public final class DataSetExample {
    private DataSetExample() {}

    /** Asks the bundled model, or another one, the questions of a file; answers and report go to a folder. */
    public static void main(String[] args) {
        if (args.length < 2 || args.length > 3) {
            System.err.println("usage: DataSetExample QUESTIONS FOLDER [CHECKPOINT]");
            return;
        }
        Path checkpoint = args.length == 3 ? Path.of(args[2]) : TinyModel.folder();
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.load(checkpoint)) {
            EvaluationRun run = evaluate(pipeline, Path.of(args[0]), Path.of(args[1]));
            System.out.println(run.scores().score() + " of " + run.scores().cases() + " cases");
        }
    }

    // region evaluate
    static EvaluationRun evaluate(PaliGemmaPipeline pipeline, Path questions, Path folder) {
        EvaluationData data = EvaluationData.file(questions).read();
        Evaluation evaluation = Evaluation.builder(data, Measure.of(Metrics.named("exact")))
                .output(folder)
                .setting("model", pipeline.info().folder().toString())
                .resume(true)
                .build();
        EvaluationRun run = evaluation.run(pipeline);
        HtmlReport.write(run, folder.resolve("report.html"));
        return run;
    }
    // endregion
}

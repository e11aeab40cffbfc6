package dev.paligemma.spark;

import dev.paligemma.engine.Device;
import dev.paligemma.spark.ExecutorModels.Lease;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.sql.Row;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * What a task of Spark does with the rows of its partition: it borrows the executor's pipeline until it ends, however it ends.
 *
 * @param promptIndex of the column with prompts; null if there is none
 */
record PartitionTask(
        ModelKey model,
        AnswerSettings settings,
        PictureColumn pictures,
        @Nullable Integer promptIndex,
        PaliGemmaCounters counters)
        implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        if (!rows.hasNext()) {
            return Collections.emptyIterator();
        }
        TaskContext context = TaskContext.get();
        Lease lease = ExecutorModels.borrow(model, device(context), cores());
        // Also after a failure, and for a task that is killed: its place is free at once.
        TaskContext unused = context.addTaskCompletionListener((TaskCompletionListener) ended -> lease.close());
        if (settings.wantsMasks() && lease.pipeline().maskCodec().isEmpty()) {
            throw new PaliGemmaSparkException("task segment needs the weights of the mask decoder, and " + model.model()
                    + " has none beside it: set maskWeights to the file, which every node must have");
        }
        return new PartitionAnswers(this, rows, lease.pipeline(), context::isInterrupted);
    }

    /** The GPU that Spark gave this task, or else the CPU. */
    private static Device device(TaskContext context) {
        Map<String, ResourceInformation> resources = context.resourcesJMap();
        ResourceInformation gpu = resources.get("gpu");
        if (gpu == null) {
            return Device.CPU;
        }
        String address = gpu.addresses()[0];
        try {
            return Device.cuda(Integer.parseInt(address));
        } catch (IllegalArgumentException e) {
            throw new PaliGemmaSparkException(
                    "the GPU of this task has the address " + address + ", expected a number from 0", e);
        }
    }

    /** As many cores as the executor was given; 0 if nobody said, as in local mode. */
    private static int cores() {
        SparkEnv env = SparkEnv.get();
        return env == null ? 0 : env.conf().getInt("spark.executor.cores", 0);
    }
}

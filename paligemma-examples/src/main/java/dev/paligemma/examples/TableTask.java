package dev.paligemma.examples;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.task.Task;
import dev.paligemma.task.TaskAnswer;
import dev.paligemma.task.Tasks;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

// region table-task
/** Reads the text in a picture as a table: a line is a row; a tab, a bar or several blanks part its cells. Immutable. */
public final class TableTask implements Task<Table> {
    private static final Pattern BETWEEN_CELLS = Pattern.compile("\\s*[\\t|]\\s*| {2,}");

    @Override
    public GenerationRequest.Builder request() {
        return Tasks.ocr().request().maxNewTokens(1024);
    }

    @Override
    public Table read(TaskAnswer answer) {
        return new Table(rows(answer.text()), answer.result());
    }

    static List<List<String>> rows(String text) {
        return text.lines()
                .filter(line -> !line.isBlank())
                .map(line -> Arrays.asList(BETWEEN_CELLS.split(line.strip(), -1)))
                .toList();
    }
}
// endregion

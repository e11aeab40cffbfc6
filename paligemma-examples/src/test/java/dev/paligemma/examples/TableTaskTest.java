package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTaskTest {
    @Test
    void linesAreRowsAndTabsBarsAndBlanksPartCells() {
        assertThat(TableTask.rows("item\tprice\n\n  tea | 2.50\nbread  1.00  fresh \n"))
                .containsExactly(List.of("item", "price"), List.of("tea", "2.50"), List.of("bread", "1.00", "fresh"));
        assertThat(TableTask.rows(" \n")).isEmpty();
    }

    @Test
    void isAnsweredLikeTheTasksOfTheLibrary() {
        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
            Table table = model.run(new TableTask(), TinyModel.picture());

            assertThat(table.rows()).containsExactly(List.of(TinyModel.WORD));
            assertThat(table.cell(0, 0)).hasValue(TinyModel.WORD);
            assertThat(table.cell(0, 1)).isEmpty();
            assertThat(table.cell(1, 0)).isEmpty();
            assertThat(table.generation().finishReason()).isEqualTo(FinishReason.EOS);

            RgbImage image = RgbImage.read(TinyModel.picture());
            assertThat(model.runAll(new TableTask(), List.of(image, image), 2))
                    .extracting(Table::rows)
                    .containsExactly(table.rows(), table.rows());
        }
    }
}

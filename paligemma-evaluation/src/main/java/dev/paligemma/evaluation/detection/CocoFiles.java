package dev.paligemma.evaluation.detection;

import dev.paligemma.evaluation.internal.JsonLists;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads truth and detections, in the files of COCO or as JSON lines, piece by piece. Stateless. */
final class CocoFiles {
    private CocoFiles() {}

    static CocoTruth truth(Path file, Shape shape) {
        TruthReader truth = new TruthReader(file, shape);
        if (JsonLists.isList(file)) {
            throw new EvaluationException(file + " is a list; expected COCO's object annotations with the lists images,"
                    + " annotations and categories, or JSON lines with id and boxes");
        }
        Set<String> names = JsonLists.names(file);
        if (names.contains("boxes")) {
            JsonRows.read(file, truth::row);
        } else {
            JsonLists.ofObject(
                    file,
                    Map.of(
                            "images", truth::image,
                            "annotations", truth::annotation,
                            "categories", truth::category));
        }
        return truth.build();
    }

    static List<CocoDetection> detections(Path file, CocoTruth truth, Shape shape) {
        DetectionReader found = new DetectionReader(file, truth, shape);
        if (JsonLists.isList(file)) {
            JsonLists.ofList(file, found::result);
        } else {
            JsonRows.read(file, found::row);
        }
        return found.all();
    }
}

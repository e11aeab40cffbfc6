package dev.paligemma.checkpoint.convert;

import dev.paligemma.engine.Precision;
import java.nio.file.Path;

/**
 * How far a conversion has come. Immutable.
 *
 * @param source the folder of the checkpoint that is converted
 * @param precision what it is converted for
 * @param bytesDone how much of the source's weights has been dealt with; equal to the total when the conversion is complete
 *     and safe on disk
 * @param bytesTotal the size of the source's weights in bytes
 */
public record ConversionProgress(Path source, Precision precision, long bytesDone, long bytesTotal) {}

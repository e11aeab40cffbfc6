/** Boxes and masks against those of a data set: the average precision of COCO, and the figures of RefCOCO. */
@NullMarked
package dev.paligemma.evaluation.detection;

import org.jspecify.annotations.NullMarked;

/**
 * The examples that a model learns from: pictures, what is asked about them and what should be answered.
 *
 * <pre>{@code
 * Examples train = Examples.folder(data, "train", ReadOptions.defaults());   // data/train/annotations.jsonl
 * Examples boxes = Examples.coco(instances, pictures, CocoOptions.detection());
 * Examples drawn = Examples.of(List.of(Example.of(picture, "caption en", "a red star")));
 * }</pre>
 *
 * <p>Texts are read at once and kept; pictures are read when they are needed. Files are not trusted: what is wrong in them is
 * a {@link dev.paligemma.training.run.FineTuningException} that says where.
 */
@NullMarked
package dev.paligemma.training.data;

import org.jspecify.annotations.NullMarked;

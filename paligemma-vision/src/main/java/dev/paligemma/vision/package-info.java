/**
 * From image files to what the vision network takes, bit for bit as Pillow and transformers compute it.
 *
 * <pre>{@code
 * ImageProcessor processor = ImageProcessor.read(folder.resolve("preprocessor_config.json"));
 * PixelValues pixels = processor.process(RgbImage.read(Path.of("photo.jpg")));
 * }</pre>
 *
 * <p>Files are not trusted: their structure is checked, and their dimensions are compared with a limit, before memory
 * for pixels is allocated. All types of this package are immutable and thread-safe.
 */
@NullMarked
package dev.paligemma.vision;

import org.jspecify.annotations.NullMarked;

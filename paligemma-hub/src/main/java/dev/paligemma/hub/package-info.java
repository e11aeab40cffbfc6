/**
 * Models by their names on the Hugging Face hub: downloads what is needed into the cache that Python's
 * {@code huggingface_hub} shares, and finds it there again.
 *
 * <p>{@link dev.paligemma.hub.HubClient#snapshot} gives the folder of a {@link dev.paligemma.hub.HubModel} with the files of
 * a {@link dev.paligemma.hub.FileSet}. Everything a hub sends is checked: names, sizes, checksums, where it redirects to.
 */
@NullMarked
package dev.paligemma.hub;

import org.jspecify.annotations.NullMarked;

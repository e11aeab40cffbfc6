/** What commands print: facts, answers and boxes as text or JSON, and progress. */
@NullMarked
package dev.paligemma.cli.report;

import org.jspecify.annotations.NullMarked;

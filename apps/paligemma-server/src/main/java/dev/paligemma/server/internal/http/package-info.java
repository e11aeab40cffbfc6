/** What every endpoint stands on: exchanges, routes, events, limits of time and size, and how failures are told. */
@NullMarked
package dev.paligemma.server.internal.http;

import org.jspecify.annotations.NullMarked;

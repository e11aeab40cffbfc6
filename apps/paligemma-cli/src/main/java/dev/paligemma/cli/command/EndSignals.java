package dev.paligemma.cli.command;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * Hears that the process is to end while everything still works: when the JVM goes down on its own, ONNX Runtime frees itself at once, and
 * answers that are being written fail. The second signal ends the process as usual.
 *
 * <p>The class for it is no part of Java SE, so it is found by its name; without it, a hook of the command line is what is left.
 */
final class EndSignals implements AutoCloseable {
    private static final String SIGNAL = "sun.misc.Signal";
    private static final String HANDLER = "sun.misc.SignalHandler";

    /** By signal, what heard it before. */
    private final Map<Object, Object> before = new HashMap<>();

    private EndSignals() {}

    /** Listens until it is closed, and does something at the first signal. */
    static EndSignals to(Runnable action) {
        EndSignals signals = new EndSignals();
        for (String name : new String[] {"TERM", "INT"}) {
            signals.listen(name, action);
        }
        return signals;
    }

    private void listen(String name, Runnable action) {
        try {
            Class<?> type = Class.forName(HANDLER);
            Object signal = Class.forName(SIGNAL).getConstructor(String.class).newInstance(name);
            Object handler =
                    Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
                        if (!method.getName().equals("handle")) {
                            return method.getName().equals("equals") ? proxy == args[0] : (Object) name.hashCode();
                        }
                        close();
                        action.run();
                        return null;
                    });
            before.put(signal, handle(signal, handler));
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            return; // another kind of JVM, or it was started with -Xrs
        }
    }

    private static Object handle(Object signal, Object handler) throws ReflectiveOperationException {
        try {
            return Class.forName(SIGNAL)
                    .getMethod("handle", signal.getClass(), Class.forName(HANDLER))
                    .invoke(null, signal, handler);
        } catch (InvocationTargetException e) {
            throw new ReflectiveOperationException(e.getCause());
        }
    }

    /** Waits for ever. */
    void await() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    /** Leaves signals to whoever heard them before. */
    @Override
    public synchronized void close() {
        before.forEach((signal, handler) -> {
            try {
                handle(signal, handler);
            } catch (ReflectiveOperationException e) {
                return; // it could be set once, so this does not happen
            }
        });
        before.clear();
    }
}

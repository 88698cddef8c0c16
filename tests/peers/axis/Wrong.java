/** A reply that is not as it must be. */
final class Wrong extends Exception {
    private static final long serialVersionUID = 1L;

    private Wrong(String message) {
        super(message);
    }

    static void unless(boolean holds, String message) throws Wrong {
        if (!holds) {
            throw new Wrong(message);
        }
    }
}

package bulletin;

import bulletin.v1.Fragment;
import java.util.List;

/** Places in texts. */
public final class Texts {
    private Texts() {}

    /**
     * What stands at the fragments, joined. They count code points; substrings count UTF-16 units, and go wrong
     * after the first rare character.
     */
    public static String cut(String text, List<Fragment> fragments) {
        StringBuilder pieces = new StringBuilder();
        for (Fragment fragment : fragments) {
            int start = text.offsetByCodePoints(0, fragment.getStart());
            int end = text.offsetByCodePoints(start, fragment.getEnd() - fragment.getStart());
            pieces.append(text, start, end);
        }
        return pieces.toString();
    }
}

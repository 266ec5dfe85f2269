package bulletin

import (
	"strings"

	pb "bulletin/v1"
)

// Cut returns what stands at the fragments, joined. They count code points, which are runes, where slices of a
// string count bytes. Like a slice, it panics beyond the text's end.
func Cut(text string, fragments ...*pb.Fragment) string {
	runes := []rune(text)
	var pieces strings.Builder
	for _, fragment := range fragments {
		pieces.WriteString(string(runes[fragment.Start:fragment.End]))
	}
	return pieces.String()
}

// Golden cases: archives of tests/golden, unpacked for the test that asks.
#ifndef BARYON_TESTS_SUPPORT_GOLDEN_H_
#define BARYON_TESTS_SUPPORT_GOLDEN_H_

#include <string>

namespace baryon {

// The folder that holds what tests/golden/NAME.zip has inside ("operators" → ".../operators" with cases.jsonl).
// Unpacked on the first call of the process, under the test's own temporary folder. Ends the test run when there is no
// such file.
std::string GoldenFolder(const std::string& name);

}  // namespace baryon

#endif  // BARYON_TESTS_SUPPORT_GOLDEN_H_

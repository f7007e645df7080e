"""The default fundus model: fundus photographs, lesions painted on them, and their words."""

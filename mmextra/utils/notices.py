"""What results of medical images have to say wherever they go."""

MEDICAL_NOTICE = 'Research only, not a medical device.'
